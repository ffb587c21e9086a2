#include "server/targets/step_functions_limits.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace tokenbroker::targets {
namespace {

size_t Characters(std::string_view utf8) {
  return static_cast<size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string Beyond(const char* field, size_t size, const char* unit, size_t limit) {
  if (size <= limit) return "";
  return absl::StrCat(field, " has ", size, " ", unit, "; Step Functions takes at most ", limit);
}

}  // namespace

std::string BeyondLimits(const forward::Delivery& delivery) {
  if (delivery.upstream_token.empty()) return "the task has no upstream token: Step Functions does not wait for it";
  for (const std::string& wrong :
       {Beyond("upstream_token", Characters(delivery.upstream_token), "characters", kMaxTaskToken),
        Beyond("output", delivery.output.size(), "bytes", kMaxOutput),
        Beyond("error", Characters(delivery.error), "characters", kMaxError),
        Beyond("cause", Characters(delivery.cause), "characters", kMaxCause)}) {
    if (!wrong.empty()) return wrong;
  }
  return "";
}

}  // namespace tokenbroker::targets
