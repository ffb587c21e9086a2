#include "tests/simulation/far_side.h"

#include "absl/strings/str_cat.h"

namespace tokenbroker::broker {

using forward::Answer;
using forward::Delivery;

class FarSide::Target : public forward::OutcomeTarget {
 public:
  explicit Target(FarSide& far_side) : far_side_(far_side) {}
  ~Target() override { far_side_.waiting_.clear(); }
  void Deliver(Delivery delivery, Done done) override { far_side_.Send(std::move(delivery), std::move(done)); }
  int max_under_way() const override { return 4; }

 private:
  FarSide& far_side_;
};

std::unique_ptr<forward::OutcomeTarget> FarSide::MakeTarget() { return std::make_unique<Target>(*this); }

void FarSide::Send(Delivery delivery, Done done) {
  latest_[delivery.task_id] = ++sends_;
  Try one{std::move(delivery), std::move(done), sends_};
  if (!calm_ && below_(100) < 40) return waiting_.push_back(std::move(one));
  one.done(Receive(one));
}

void FarSide::AnswerSome() {
  while (!waiting_.empty() && below_(100) < 70) {
    std::swap(waiting_[below_(waiting_.size())], waiting_.back());
    const Try one = std::move(waiting_.back());
    waiting_.pop_back();
    one.done(Receive(one));
  }
}

void FarSide::AnswerAll() {
  std::vector<Try> all;
  all.swap(waiting_);
  for (const Try& one : all) one.done(Receive(one));
}

void FarSide::CalmDown() {
  calm_ = true;
  down_ = false;
}

Answer FarSide::Receive(const Try& one) {
  if (calm_) return Arrive(one);
  if (down_) return {.kind = Answer::Kind::kRetry, .code = "connection refused"};
  const uint64_t dice = below_(100);
  if (dice < 15) {
    Arrive(one);
    return {.kind = Answer::Kind::kRetry, .code = "reply lost", .may_have_arrived = true};
  }
  if (dice < 20) return {.kind = Answer::Kind::kRetry, .code = "request lost", .may_have_arrived = true};
  if (dice < 25) {
    return {.kind = Answer::Kind::kThrottled, .code = "HTTP 429", .retry_after = static_cast<DurationMs>(below_(5000))};
  }
  if (dice < 30) return {.kind = Answer::Kind::kRetry, .code = "HTTP 503"};
  if (dice < 32) return {.kind = Answer::Kind::kNeedsOperator, .code = "AccessDenied"};
  return Arrive(one);
}

Answer FarSide::Arrive(const Try& one) {
  const Delivery& delivery = one.delivery;
  Outcome now{delivery.kind, delivery.output, delivery.error, delivery.cause, delivery.output == "\"three\"", 1};
  auto [at, first] = arrived_.try_emplace(delivery.task_id, now);
  Outcome& known = at->second;
  if (delivery.id != delivery.task_id) wrong_ = "a delivery has another id";
  if (!first) {
    ++known.arrivals;
    if (known.kind != now.kind || known.output != now.output || known.error != now.error || known.cause != now.cause) {
      wrong_ = absl::StrCat("the outcome of task ", delivery.task_id, " arrives with other content");
    }
  }
  if (known.refused) return {.kind = Answer::Kind::kRejected, .code = "InvalidOutput"};
  if (first) return {.kind = Answer::Kind::kAccepted, .code = "200"};
  if (delivery.may_have_arrived || latest_[delivery.task_id] != one.sent) {
    return {.kind = Answer::Kind::kProbablyOurs, .code = "TaskTimedOut"};
  }
  wrong_ = absl::StrCat("the outcome of task ", delivery.task_id, " is sent again as if for the first time");
  return {.kind = Answer::Kind::kRejected, .code = "TaskTimedOut"};
}

}  // namespace tokenbroker::broker
