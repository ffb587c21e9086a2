// The configuration file is an answer or an explanation.
#include "server/config/load.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::StatusOr<tokenbroker::LoadedConfig> config =
      tokenbroker::ParseConfigYaml(tokenbroker::ViewOf(data, size));
  if (!config.ok()) TB_HOLDS(absl::IsInvalidArgument(config.status()) && !config.status().message().empty());
  return 0;
}
