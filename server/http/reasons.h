// Why the HTTP doors refuse what is no call yet, for programs: in small letters here, in capitals in ErrorInfo.reason.
// docs/errors.md explains each; http_test holds it to that.
#pragma once

namespace tokenbroker::http::reason {

inline constexpr char kBodyTooLarge[] = "body_too_large";
inline constexpr char kHeadTooLong[] = "head_too_long";
inline constexpr char kInternal[] = "internal";
inline constexpr char kMalformedBody[] = "malformed_body";
inline constexpr char kMalformedPath[] = "malformed_path";
inline constexpr char kMalformedRequest[] = "malformed_request";
inline constexpr char kMethodNotAllowed[] = "method_not_allowed";
inline constexpr char kNoSuchRoute[] = "no_such_route";
inline constexpr char kNotImplemented[] = "not_implemented";
inline constexpr char kOverloaded[] = "overloaded";
inline constexpr char kSlowBody[] = "slow_body";
inline constexpr char kSlowHead[] = "slow_head";
inline constexpr char kTargetTooLong[] = "target_too_long";
inline constexpr char kUnsupportedEncoding[] = "unsupported_encoding";
inline constexpr char kUnsupportedExpectation[] = "unsupported_expectation";
inline constexpr char kUnsupportedVersion[] = "unsupported_version";

inline constexpr const char* kAll[] = {
    kBodyTooLarge,      kHeadTooLong,      kInternal,      kMalformedBody,       kMalformedPath,
    kMalformedRequest,  kMethodNotAllowed, kNoSuchRoute,   kNotImplemented,      kOverloaded,
    kSlowBody,          kSlowHead,         kTargetTooLong, kUnsupportedEncoding, kUnsupportedExpectation,
    kUnsupportedVersion};

}  // namespace tokenbroker::http::reason
