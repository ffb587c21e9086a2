// What a request says about its signature: in the Authorization header, or, presigned, in its query. Pure; nothing of
// it is believed yet.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/aws/error.h"
#include "server/aws/message.h"

namespace tokenbroker::aws {

struct Authorization {
  bool presigned = false;
  std::string algorithm;
  // "keyid/date/region/service/term".
  std::string credential;
  // "host;x-amz-date".
  std::string signed_headers;
  // Hexadecimal digits.
  std::string signature;
  // "20150830T123600Z", and the header it came from, in lower case (of a header's signature).
  std::string timestamp;
  std::string_view timestamp_header;
  // Of temporary credentials; else empty.
  std::string session_token;
  // Of a presigned request: seconds, as sent.
  std::string expires;
};

// MissingAuthenticationTokenException without any, IncompleteSignatureException for one that lacks parts. Texts quote
// no header: they have its hash, as AWS has it.
Error ReadAuthorization(const Request& request, Authorization& out);

}  // namespace tokenbroker::aws
