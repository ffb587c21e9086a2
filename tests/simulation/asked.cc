#include "tests/simulation/asked.h"

#include "tests/testing/broker_harness.h"

namespace tokenbroker::broker {
namespace {

constexpr const char* kNumbersSchema = R"({"type":"number"})";

template <typename Op>
const Op& As(const Operation& operation) {
  return static_cast<const Op&>(operation);
}

void FillIssue(const Wish& wish, IssueRequest& request) {
  request.name_space = wish.name_space;
  request.request_id = wish.request_id;
  request.correlation_key = wish.key;
  request.upstream_token = wish.upstream;
  request.attempt = wish.attempt;
  request.timeout = wish.timeout;
  request.heartbeat_timeout = wish.heartbeat_timeout;
  request.input = wish.input;
  request.target = wish.target;
  if (wish.numbers_only) request.output_schema = kNumbersSchema;
  if (!wish.only_error.empty()) request.allowed_errors = {wish.only_error};
}

void FillResolve(const Wish& wish, ResolveOperation& resolve) {
  resolve.state = wish.state;
  resolve.output = wish.output;
  resolve.error = wish.error;
  resolve.cause = wish.cause;
  resolve.park_for = wish.park_for;
  resolve.dry_run = wish.dry_run;
}

void ReadIssue(const IssueOperation& issue, Reply& reply) {
  reply.task = issue.task;
  reply.superseded = issue.superseded;
  reply.replayed = issue.replayed;
  reply.state = issue.state;
  reply.deadline = issue.deadline;
}

void ReadHeartbeat(const HeartbeatOperation& beat, Reply& reply) {
  reply.task = beat.task;
  reply.next_due = beat.next_due;
  reply.remaining = beat.remaining;
  reply.cancel_requested = beat.cancel_requested;
  if (beat.recorded != nullptr) reply.recorded = *beat.recorded;
}

// Of what says which task it met and how that ended.
template <typename Op>
void ReadChange(const Op& operation, Reply& reply) {
  reply.task = operation.task;
  if (operation.recorded != nullptr) reply.recorded = *operation.recorded;
}

}  // namespace

TaskAddress Asked::Address(const Broker& broker) {
  switch (wish.naming) {
    case Wish::Naming::kToken:
      token_ = broker.TokenOf(wish.task);
      return broker.AddressOfToken(token_);
    case Wish::Naming::kId:
      return broker.AddressOfId(broker.IdOf(wish.task));
    case Wish::Naming::kKey:
      return broker.AddressOfKey(wish.name_space, wish.key);
    case Wish::Naming::kUpstream:
      return broker.AddressOfToken(wish.upstream);
    case Wish::Naming::kForged:
      token_ = std::string("T1") + std::string(kTokenLength - 2, 'x');
      return broker.AddressOfToken(token_);
  }
  return TaskAddress();
}

template <typename Op>
Op& Asked::Make() {
  auto made = std::make_shared<Op>();
  made->submission = this;
  made->principal = &Anybody();
  operation = made;
  return *made;
}

template <typename Op>
Op& Asked::MakeFor(const Broker& broker) {
  Op& made = Make<Op>();
  made.address = Address(broker);
  return made;
}

void Asked::Prepare(const Broker& broker) {
  switch (wish.kind) {
    case Operation::Kind::kIssue: {
      auto& issue = Make<IssueOperation>();
      FillIssue(wish, issue.request);
      broker.Prepare(issue);
      break;
    }
    case Operation::Kind::kResolve:
      FillResolve(wish, MakeFor<ResolveOperation>(broker));
      break;
    case Operation::Kind::kHeartbeat:
      MakeFor<HeartbeatOperation>(broker).progress = wish.progress;
      break;
    case Operation::Kind::kCancel: {
      auto& cancel = MakeFor<CancelOperation>(broker);
      cancel.reason = wish.cause;
      cancel.grace = wish.grace;
      break;
    }
    case Operation::Kind::kExtend:
      MakeFor<ExtendOperation>(broker).timeout = wish.timeout;
      break;
    case Operation::Kind::kLocate:
      MakeFor<LocateOperation>(broker);
      break;
    case Operation::Kind::kAwait:
      MakeFor<AwaitOperation>(broker).limit = wish.limit;
      break;
    case Operation::Kind::kDelivery:
      break;  // the forwarder's
  }
}

Reply Asked::ToReply() const {
  Reply reply;
  reply.reason = operation->refusal.reason;
  switch (wish.kind) {
    case Operation::Kind::kIssue:
      ReadIssue(As<IssueOperation>(*operation), reply);
      break;
    case Operation::Kind::kResolve:
      reply.verdict = As<ResolveOperation>(*operation).verdict;
      ReadChange(As<ResolveOperation>(*operation), reply);
      break;
    case Operation::Kind::kHeartbeat:
      ReadHeartbeat(As<HeartbeatOperation>(*operation), reply);
      break;
    case Operation::Kind::kCancel:
      ReadChange(As<CancelOperation>(*operation), reply);
      break;
    case Operation::Kind::kExtend:
      ReadChange(As<ExtendOperation>(*operation), reply);
      break;
    case Operation::Kind::kLocate:
      reply.task = As<LocateOperation>(*operation).located.task;
      break;
    case Operation::Kind::kAwait:
      reply.task = As<AwaitOperation>(*operation).located.task;
      break;
    case Operation::Kind::kDelivery:
      break;
  }
  return reply;
}

}  // namespace tokenbroker::broker
