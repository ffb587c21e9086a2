#include "tests/simulation/recall.h"

#include <algorithm>
#include <string>
#include <variant>

namespace tokenbroker::broker {
namespace {

class Recall {
 public:
  Recall(const storage::TokenStore& store, const std::vector<Wish>& lost, Model& model)
      : store_(store), lost_(lost), model_(model) {}

  void Take(Sequence sequence, const storage::LogEntry& entry) {
    std::visit([&](const auto& one) { Take(sequence, one); }, entry);
  }

 private:
  void Take(Sequence sequence, const storage::IssuedEntry& issued);
  void Take(Sequence, const storage::ResolvedEntry& end);
  void Take(Sequence, const storage::DeadlineChangedEntry& moved);
  void Take(Sequence, const storage::CancelRequestedEntry& asked);
  void Take(Sequence, const storage::ProgressEntry& note);
  void Take(Sequence, const storage::ParkedEntry& parked);
  // What no client asks for.
  template <typename Other>
  void Take(Sequence, const Other&) {}

  template <typename IsIt>
  void TakeOver(TimeMs time, const Reply& reply, IsIt is_it) {
    const auto wish = std::find_if(lost_.begin(), lost_.end(), is_it);
    if (wish == lost_.end()) return model_.Wrong("the log has a change that nobody asked for");
    model_.Judge(*wish, reply, model_.MomentAt(time), time);
  }
  bool Names(const Wish& wish, Sequence task);

  const storage::TokenStore& store_;
  const std::vector<Wish>& lost_;
  Model& model_;
};

bool Recall::Names(const Wish& wish, Sequence task) {
  const ModelTask* known = model_.Find(task);
  if (known == nullptr) return false;
  if (wish.naming == Wish::Naming::kKey)
    return known->issued.name_space == wish.name_space && known->issued.key == wish.key;
  if (wish.naming == Wish::Naming::kUpstream) return known->issued.upstream == wish.upstream;
  return wish.naming != Wish::Naming::kForged && wish.task == task;
}

void Recall::Take(Sequence sequence, const storage::IssuedEntry& issued) {
  Reply reply;
  reply.task = sequence;
  reply.deadline = issued.deadline;
  reply.superseded = issued.supersedes;
  if (model_.IsParked(std::string(issued.name_space), std::string(issued.correlation_key), issued.time)) {
    // Whether it was applied says the next entry.
    absl::StatusOr<std::string> next = store_.Read(0, sequence + 1);
    absl::StatusOr<storage::ResolvedEntry> end = next.ok() ? storage::DecodeResolved(*next) : next.status();
    if (end.ok() && end->task == sequence) reply.state = end->state;
  }
  TakeOver(issued.time, reply,
           [&](const Wish& wish) { return wish.kind == Operation::Kind::kIssue && wish.input == issued.input; });
}

void Recall::Take(Sequence, const storage::ResolvedEntry& end) {
  const ModelTask* task = model_.Find(end.task);
  // The end of a superseded task, or one that a parked outcome ended.
  if (task != nullptr && task->state == end.state) return;
  if (end.state == TaskState::kSuperseded) return;  // its successor comes next
  if (end.resolved_by == "broker") return model_.Expire(end);
  Reply reply;
  reply.task = end.task;
  reply.verdict = Verdict::kAccepted;
  TakeOver(end.time, reply, [&](const Wish& wish) {
    const bool names = Names(wish, end.task);
    if (wish.kind == Operation::Kind::kCancel) {
      const bool kept = wish.cause.empty() && task != nullptr && end.cause == task->cancel_reason;
      return names && end.state == TaskState::kCancelled && wish.grace == 0 && (wish.cause == end.cause || kept);
    }
    return wish.kind == Operation::Kind::kResolve && !wish.dry_run && names && wish.state == end.state &&
           wish.output == end.output && wish.error == end.error && wish.cause == end.cause;
  });
}

void Recall::Take(Sequence, const storage::DeadlineChangedEntry& moved) {
  Reply reply;
  reply.task = moved.task;
  TakeOver(moved.time, reply, [&](const Wish& wish) {
    return wish.kind == Operation::Kind::kExtend && moved.time + wish.timeout == moved.deadline &&
           Names(wish, moved.task);
  });
}

void Recall::Take(Sequence, const storage::CancelRequestedEntry& asked) {
  Reply reply;
  reply.task = asked.task;
  TakeOver(asked.time, reply, [&](const Wish& wish) {
    return wish.kind == Operation::Kind::kCancel && wish.grace > 0 && wish.cause == asked.reason &&
           asked.deadline <= asked.time + wish.grace && Names(wish, asked.task);
  });
}

void Recall::Take(Sequence, const storage::ProgressEntry& note) {
  ModelTask* task = model_.Find(note.task);
  const auto is_it = [&](const Wish& wish) { return wish.progress == note.details && Names(wish, note.task); };
  if (std::any_of(lost_.begin(), lost_.end(), is_it)) task->progress.insert(std::string(note.details));
}

void Recall::Take(Sequence, const storage::ParkedEntry& parked) {
  Reply reply;
  reply.verdict = Verdict::kParked;
  TakeOver(parked.time, reply, [&](const Wish& wish) {
    return wish.kind == Operation::Kind::kResolve && !wish.dry_run && wish.naming == Wish::Naming::kKey &&
           wish.name_space == parked.name_space && wish.key == parked.correlation_key && wish.output == parked.output &&
           wish.error == parked.error && wish.cause == parked.cause &&
           parked.keep_until == parked.time + (wish.park_for == 0 ? kDefaultParkTime : wish.park_for);
  });
}

}  // namespace

void RecallLog(const storage::TokenStore& store, Sequence seen, const std::vector<Wish>& lost, Model& model) {
  Recall recall(store, lost, model);
  const absl::Status status = store.Scan(0, seen + 1, [&](const storage::LogRecord& record) {
    const absl::StatusOr<storage::LogEntry> entry = storage::DecodeEntry(record.bytes);
    if (entry.ok()) recall.Take(record.sequence, *entry);
    return entry.ok();
  });
  if (!status.ok()) model.Wrong(status.ToString());
}

}  // namespace tokenbroker::broker
