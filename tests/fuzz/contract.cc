// A schema and, behind the first zero byte, an output: neither can hurt the other's broker.
#include "server/contract/contract.h"

#include "tests/fuzz/fuzz.h"

namespace tokenbroker::contract {
namespace {

void Check(std::string_view input) {
  const size_t end = std::min(input.find('\0'), input.size());
  const std::string_view schema = input.substr(0, end);
  const std::string_view output = input.substr(std::min(end + 1, input.size()));
  if (!CheckSchema(schema).ok()) return;
  const std::optional<Breach> breach = CheckOutput(schema, output);
  if (breach.has_value()) TB_HOLDS(breach->field.substr(0, 7) == "output#" && !breach->message.empty());
}

}  // namespace
}  // namespace tokenbroker::contract

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tokenbroker::contract::Check(tokenbroker::ViewOf(data, size));
  return 0;
}
