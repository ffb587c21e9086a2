// What a checkpoint brings back: a block of the open set, or the rest of the state.
#include <string>

#include "server/broker/open_set.h"
#include "server/broker/shard_state.h"
#include "tests/fuzz/fuzz.h"

namespace tokenbroker::broker {
namespace {

const TokenCodec& Codec() {
  static const TokenCodec* const codec = new TokenCodec(*KeyRing::Create({TokenKey{1}}));
  return *codec;
}

void CheckBlock(std::string_view bytes) {
  OpenSet set;
  const absl::Status status = set.Load(3, bytes);
  if (!status.ok()) {
    TB_HOLDS(absl::IsDataLoss(status));
    return;
  }
  size_t count = 0;
  set.VisitFrom(0, [&](Sequence task, OpenTask&) {
    TB_HOLDS(task / 64 == 3);
    return ++count > 0;
  });
  TB_HOLDS(count == set.size());
  TB_HOLDS(set.Pack(3).bytes == bytes);
}

void CheckRest(std::string_view bytes) {
  ShardState state(0, {0, "0123456789abcdef"}, Codec(), 0);
  const absl::StatusOr<ShardState::Rest> rest = state.LoadRest(bytes, UINT64_MAX);
  if (!rest.ok()) TB_HOLDS(absl::IsDataLoss(rest.status()));
}

}  // namespace
}  // namespace tokenbroker::broker

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tokenbroker::broker::CheckBlock(tokenbroker::ViewOf(data, size));
  tokenbroker::broker::CheckRest(tokenbroker::ViewOf(data, size));
  return 0;
}
