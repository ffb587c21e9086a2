// What a checkpoint carries of a shard besides index and open set.
#include "absl/strings/str_cat.h"
#include "server/broker/shard_state.h"
#include "storage/wire.h"

namespace tokenbroker::broker {
namespace {

// As many as OpenTask has for them.
constexpr int kTimeBits = 45;

}  // namespace

// varint count and names of namespaces, (sequence, time) of holds, parked sequence numbers, (task, record, time) of
// logged progress, (task, text) of reasons for cancelling, names of targets, (namespace, target) of lanes; 1 after an
// orderly stop, else 0. Nothing in it tells how to read it: another form is another storage format
// (docs/storage-format.md).
std::string ShardState::PackRest() const {
  std::string out;
  storage::AppendVarint(out, namespaces.size());
  for (uint32_t i = 0; i < namespaces.size(); ++i) {
    storage::AppendVarint(out, namespaces[i].name.size());
    out.append(namespaces[i].name);
  }
  storage::AppendVarint(out, holds.size());
  for (const storage::Mark& hold : holds) {
    storage::AppendVarint(out, hold.sequence);
    storage::AppendVarint(out, hold.time);
  }
  storage::AppendVarint(out, parked.size());
  for (const auto& [at, outcome] : parked) storage::AppendVarint(out, at);
  storage::AppendVarint(out, progress.size());
  for (const auto& [task, note] : progress) {
    storage::AppendVarint(out, task);
    storage::AppendVarint(out, note.logged_at);
    storage::AppendVarint(out, note.at);
  }
  storage::AppendVarint(out, cancel_reasons.size());
  for (const auto& [task, reason] : cancel_reasons) {
    storage::AppendVarint(out, task);
    storage::AppendVarint(out, reason.size());
    out.append(reason);
  }
  storage::AppendVarint(out, lanes.targets() - 1);
  for (uint32_t i = 1; i < lanes.targets(); ++i) {
    storage::AppendVarint(out, lanes.TargetName(i).size());
    out.append(lanes.TargetName(i));
  }
  storage::AppendVarint(out, lanes.size());
  for (uint32_t i = 0; i < lanes.size(); ++i) {
    storage::AppendVarint(out, lanes[i].name_space);
    storage::AppendVarint(out, lanes[i].target);
  }
  storage::AppendVarint(out, orderly_stop);
  return out;
}

absl::StatusOr<ShardState::Rest> ShardState::LoadRest(std::string_view bytes, Sequence covers) {
  Rest rest;
  storage::WireReader in(bytes);
  const auto read_time = [&in] {
    const uint64_t time = in.Varint();
    if (time >> kTimeBits != 0) in.Fail();
    return static_cast<TimeMs>(in.ok() ? time : 0);
  };
  for (uint64_t left = in.Varint(); left > 0 && in.ok(); --left) namespaces.Intern(in.Bytes(in.Varint()));
  for (uint64_t left = in.Varint(); left > 0 && in.ok(); --left) {
    const Sequence sequence = in.Varint();
    holds.push_back({sequence, read_time()});
  }
  for (uint64_t left = in.Varint(); left > 0 && in.ok(); --left) rest.parked.push_back(in.Varint());
  for (uint64_t left = in.Varint(); left > 0 && in.ok(); --left) {
    const Sequence task = in.Varint();
    const Sequence at = in.Varint();
    const TimeMs time = read_time();
    // Behind what the checkpoint covers replay says what there is: this record may never have got to the disk, and its
    // number will then be given to another.
    if (at <= covers) progress.KeepLogged(task, at, time);
  }
  for (uint64_t left = in.Varint(); left > 0 && in.ok(); --left) {
    const Sequence task = in.Varint();
    cancel_reasons.Keep(task, in.Bytes(in.Varint()));
  }
  for (uint64_t left = in.Varint(); left > 0 && in.ok(); --left) lanes.InternTarget(in.Bytes(in.Varint()));
  for (uint64_t left = in.Varint(); left > 0 && in.ok(); --left) {
    const uint64_t name_space = in.Varint();
    const uint64_t target = in.Varint();
    if (name_space >= namespaces.size() || target >= lanes.targets() || lanes.full()) in.Fail();
    if (in.ok()) lanes.Intern(static_cast<uint32_t>(name_space), lanes.TargetName(static_cast<uint32_t>(target)));
  }
  orderly_stop = in.Varint() != 0;
  if (!in.ok() || !in.at_end()) return absl::DataLossError("the checkpoint's state is damaged");
  return rest;
}

absl::Status ShardState::FinishLoad(Sequence covers) {
  open.EraseFrom(covers + 1);
  outbox.ForgetFrom(covers + 1);
  absl::Status status;
  const auto check = [&](const char* set, Sequence sequence, uint64_t lane) {
    if (lane < lanes.size()) return true;
    status = absl::DataLossError(absl::StrCat("block ", BlockOf(sequence), " of ", set, " is damaged: ", sequence,
                                              " is in lane ", lane, " of ", lanes.size()));
    return false;
  };
  open.VisitFrom(0, [&](Sequence task, const OpenTask& entry) { return check(entry.kSetName, task, entry.lane); });
  outbox.VisitFrom(
      0, [&](Sequence outcome, const OwedDelivery& entry) { return check(entry.kSetName, outcome, entry.lane); });
  return status;
}

}  // namespace tokenbroker::broker
