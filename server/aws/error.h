// What AWS calls its errors, and how they look on the wire: HTTP status, "__type" and "message". One table; docs/aws.md
// explains it.
#pragma once

#include <string>
#include <string_view>

namespace tokenbroker::aws {

struct ErrorKind {
  // As SDKs name their exceptions.
  std::string_view name;
  // What stands before the '#' of "__type".
  std::string_view space;
  int status;
  // Under which it is counted, a google.rpc.Code: calls are counted alike, whichever door they come through.
  int code;
};

namespace error_space {
inline constexpr std::string_view kService = "com.amazon.coral.service";
inline constexpr std::string_view kValidate = "com.amazon.coral.validate";
inline constexpr std::string_view kAvailability = "com.amazon.coral.availability";
inline constexpr std::string_view kStates = "com.amazonaws.swf.service.v2.model";
}  // namespace error_space

// --- What Step Functions declares ---
inline constexpr ErrorKind kInvalidToken{"InvalidToken", error_space::kStates, 400, 5};
inline constexpr ErrorKind kInvalidOutput{"InvalidOutput", error_space::kStates, 400, 3};
inline constexpr ErrorKind kTaskDoesNotExist{"TaskDoesNotExist", error_space::kStates, 400, 5};
inline constexpr ErrorKind kTaskTimedOut{"TaskTimedOut", error_space::kStates, 400, 9};

// --- What every AWS service of this protocol may answer ---
inline constexpr ErrorKind kValidation{"ValidationException", error_space::kValidate, 400, 3};
inline constexpr ErrorKind kThrottling{"ThrottlingException", error_space::kAvailability, 400, 8};
inline constexpr ErrorKind kUnknownOperation{"UnknownOperationException", error_space::kService, 400, 12};
inline constexpr ErrorKind kSerialization{"SerializationException", error_space::kService, 400, 3};
inline constexpr ErrorKind kAccessDenied{"AccessDeniedException", error_space::kService, 400, 7};
inline constexpr ErrorKind kMissingAuthentication{"MissingAuthenticationTokenException", error_space::kService, 400,
                                                  16};
inline constexpr ErrorKind kIncompleteSignature{"IncompleteSignatureException", error_space::kService, 400, 16};
inline constexpr ErrorKind kInvalidSignature{"InvalidSignatureException", error_space::kService, 400, 16};
inline constexpr ErrorKind kUnrecognizedClient{"UnrecognizedClientException", error_space::kService, 400, 16};
inline constexpr ErrorKind kRequestTooLarge{"RequestEntityTooLargeException", error_space::kService, 413, 8};
inline constexpr ErrorKind kRequestTimeout{"RequestTimeoutException", error_space::kService, 408, 4};
inline constexpr ErrorKind kInternalFailure{"InternalFailure", error_space::kService, 500, 13};
inline constexpr ErrorKind kServiceUnavailable{"ServiceUnavailableException", error_space::kService, 503, 14};

struct Error {
  // nullptr: no error. Else one of the above.
  const ErrorKind* kind = nullptr;
  // UTF-8. Never holds a task token, a payload, a secret or an Authorization header.
  std::string message;

  explicit operator bool() const { return kind != nullptr; }
};

// {"__type":"<space>#<name>","message":"..."}; without a message, "__type" alone.
std::string BodyOf(const Error& error);

// What a caller wrote, fit to be quoted: at most 128 characters, printable ASCII only.
std::string Shown(std::string_view text);

}  // namespace tokenbroker::aws
