#include "server/outbound/http_client.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace tokenbroker::outbound {
namespace {

constexpr int64_t kLongestSeconds = 24 * 3600;

absl::string_view Text(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

std::string_view HttpResponse::Header(std::string_view name) const {
  const auto found =
      std::find_if(headers.begin(), headers.end(), [&](const auto& header) { return header.first == name; });
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

std::string_view NameOf(HttpResult::Failure failure) {
  switch (failure) {
    case HttpResult::Failure::kNone:
      return "none";
    case HttpResult::Failure::kBadRequest:
      return "bad request";
    case HttpResult::Failure::kOverloaded:
      return "client overloaded";
    case HttpResult::Failure::kForbiddenAddress:
      return "address not allowed";
    case HttpResult::Failure::kResolve:
      return "name not resolved";
    case HttpResult::Failure::kConnect:
      return "not connected";
    case HttpResult::Failure::kTls:
      return "bad certificate";
    case HttpResult::Failure::kTimeout:
      return "timeout";
    case HttpResult::Failure::kCut:
      return "connection cut";
    case HttpResult::Failure::kBadAnswer:
      return "bad answer";
    case HttpResult::Failure::kTooLarge:
      return "answer too large";
    case HttpResult::Failure::kClosed:
      return "client closed";
  }
  return "unknown";
}

TimeMs ParseHttpDate(std::string_view text) {
  absl::Time time;
  if (!absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", Text(text), &time, nullptr)) return 0;
  return absl::ToUnixMillis(time);
}

DurationMs ParseRetryAfter(std::string_view value, std::string_view date, TimeMs now) {
  int64_t seconds = 0;
  if (absl::SimpleAtoi(Text(value), &seconds)) return std::clamp<int64_t>(seconds, 0, kLongestSeconds) * 1000;
  const TimeMs until = ParseHttpDate(value);
  if (until == 0) return 0;
  const TimeMs sent = ParseHttpDate(date);
  return std::clamp<DurationMs>(until - (sent == 0 ? now : sent), 0, kLongestSeconds * 1000);
}

DurationMs RetryAfterOf(const HttpResponse& response, TimeMs now) {
  return ParseRetryAfter(response.Header("retry-after"), response.Header("date"), now);
}

}  // namespace tokenbroker::outbound
