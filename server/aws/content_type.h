// The media types of this protocol.
#pragma once

#include <string_view>

namespace tokenbroker::aws {

// Step Functions speaks 1.0. 1.1 differs in nothing that matters here, and clients made for other AWS services send it.
inline constexpr std::string_view kJson10 = "application/x-amz-json-1.0";
inline constexpr std::string_view kJson11 = "application/x-amz-json-1.1";

// With or without parameters, in any case.
bool IsAwsJson(std::string_view content_type);
// Answers come in the version that was asked in; in 1.0 if it was none.
std::string_view ContentTypeOfAnswer(std::string_view content_type);

}  // namespace tokenbroker::aws
