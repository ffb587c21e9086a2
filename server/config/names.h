// One name per setting, in three spellings.
#pragma once

#include <string>
#include <string_view>

namespace tokenbroker {

// "grpc.max_message_size" is "TOKENBROKER_GRPC_MAX_MESSAGE_SIZE" and "--grpc-max-message-size".
std::string EnvironmentName(std::string_view setting);
std::string FlagName(std::string_view setting);

// Whether a TOKENBROKER_* variable that is no setting is meant for somebody else: for tokenctl and the client
// libraries, for failpoints, or put there by Kubernetes for a Service called tokenbroker. The clients'
// TOKENBROKER_TLS_* are, too, unless one looks like a slip in a setting's name.
bool IsForeignVariable(std::string_view variable);

}  // namespace tokenbroker
