// Many outcomes in one message: judged one by one, answered together.
#pragma once

#include <google/protobuf/arena.h>

#include <functional>

#include "base/home.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "server/broker/operation.h"
#include "server/calls/arena_array.h"
#include "server/calls/door.h"
#include "server/calls/fill.h"

namespace tokenbroker::calls {

class SettleBatch : private broker::Submission, private Visit {
 public:
  using Items = google::protobuf::RepeatedPtrField<pb::Settlement>;
  using Results = google::protobuf::RepeatedPtrField<pb::SettlementResult>;

  struct Parts {
    const Door& door;
    const broker::Principal& principal;
    Home& home;
    // Of its operations; outlives it.
    google::protobuf::Arena& arena;
  };

  // Of so many items. `settled` is called once, at home, perhaps within Start; it may destroy the batch.
  SettleBatch(const Parts& parts, size_t size, std::function<void()> settled);
  // With all of them taken, which must outlive the batch.
  SettleBatch(const Parts& parts, const Items& items, std::function<void()> settled);

  // Before Start, each place once. The item must outlive the batch, unless its texts are kept.
  void Take(size_t place, const pb::Settlement& item);
  void KeepTexts(size_t place) { calls::KeepTexts(parts_.arena, operations_[place]); }
  void Start();
  size_t size() const { return operations_.size(); }
  // Once settled. Sets every field.
  void FillResult(size_t place, pb::SettlementResult* out) const;
  // One result per item.
  void FillResults(Results* out) const;

 private:
  void Done() override { parts_.home.Here() ? Resume() : parts_.home.Post(*this); }
  void Resume() override;

  const Parts parts_;
  std::function<void()> settled_;
  ArenaArray<broker::ResolveOperation> operations_;
};

// Sets every field.
void FillResult(const broker::ResolveOperation& operation, pb::SettlementResult* out);

}  // namespace tokenbroker::calls
