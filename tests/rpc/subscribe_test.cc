// Subscribe: an engine takes its outcomes over a stream, with credit, answers, breaks and resumptions.
#include <gmock/gmock.h>

#include <set>

#include "server/forward/forwarder.h"
#include "tests/rpc/door_fixture.h"
#include "tokenbroker/v1/delivery_service.grpc.pb.h"

namespace tokenbroker::rpc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class SubscribeTest : public DoorFixture {
 protected:
  // One stream, with the words of an engine.
  class Engine {
   public:
    Engine(pb::DeliveryService::Stub& stub, std::unique_ptr<grpc::ClientContext> context)
        : context_(std::move(context)), stream_(stub.Subscribe(context_.get())) {}
    ~Engine() {
      if (stream_ == nullptr) return;
      Break();
    }

    void Send(const pb::SubscribeRequest& request) { stream_->Write(request); }
    void Join(int credit, const std::string& target = "engine") {
      pb::SubscribeRequest request;
      request.set_target(target);
      request.set_credit(credit);
      Send(request);
    }
    void GiveCredit(int credit) {
      pb::SubscribeRequest request;
      request.set_credit(credit);
      Send(request);
    }
    void Accept(const std::string& id, int credit = 0) {
      pb::SubscribeRequest request;
      auto* answer = request.add_answers();
      answer->set_delivery_id(id);
      answer->mutable_accepted();
      request.set_credit(credit);
      Send(request);
    }
    pb::OutgoingDelivery Next() {
      pb::SubscribeResponse response;
      EXPECT_TRUE(stream_->Read(&response)) << "the stream has ended";
      return response.delivery();
    }
    bool Ended() {
      pb::SubscribeResponse response;
      return !stream_->Read(&response);
    }
    void HalfClose() { stream_->WritesDone(); }
    grpc::Status Finish() {
      const grpc::Status status = stream_->Finish();
      stream_ = nullptr;
      return status;
    }
    void Break() {
      context_->TryCancel();
      Finish();
    }

   private:
    std::unique_ptr<grpc::ClientContext> context_;
    std::unique_ptr<grpc::ClientReaderWriter<pb::SubscribeRequest, pb::SubscribeResponse>> stream_;
  };

  AuthConfig Auth() override {
    AuthConfig auth;
    auth.mode = AuthMode::kKeys;
    auth.keys.push_back(KeyOf("engine", "engine", {{"*", kIssue | kResolve | kRead | kAdminister}}));
    auth.keys.push_back(KeyOf("reader", "reader", {{"*", kRead}}));
    auth.keys.push_back(KeyOf("demo", "demo", {{"demo", kRead | kAdminister}}));
    return auth;
  }
  void Prepare(calls::Door& door) override {
    auto target = std::make_unique<forward::SubscriberTarget>();
    target_ = target.get();
    std::vector<forward::NamedTarget> targets;
    targets.push_back({"engine", std::move(target)});
    forwarder_ =
        std::make_unique<forward::Forwarder>(forward::Forwarder::Parts{*broker_, clock_, silent_, [] { return 1.0; }},
                                             forward::ScheduleOptions(), std::move(targets));
    forwarder_->Start();
    door.limits.targets = {{"engine"}};
    door.forwarder = forwarder_.get();
    door.subscriber_targets = {{"engine", target_}};
    key_ = "engine";
  }
  void SetUp() override {
    DoorFixture::SetUp();
    deliveries_ = pb::DeliveryService::NewStub(server_->InProcessChannel());
  }
  // As the host: streams end before the target does.
  void TearDown() override {
    Drain();
    server_->Shutdown(0);
    forwarder_->Stop(0);
    DoorFixture::TearDown();
  }

  std::unique_ptr<Engine> Open() { return std::make_unique<Engine>(*deliveries_, Context()); }
  std::string Succeed(const std::string& output = "1") {
    pb::IssueTaskRequest request;
    request.set_namespace_("demo");
    request.set_target("engine");
    const auto issued = Issue(request);
    EXPECT_TRUE(DoorFixture::Succeed(ByToken(issued.token()), output).ok());
    return issued.task_id();
  }
  pb::Delivery StateOf(const std::string& id) {
    pb::GetDeliveryRequest request;
    request.mutable_task()->set_task_id(id);
    pb::GetDeliveryResponse response;
    const grpc::Status status = Call(*deliveries_, &pb::DeliveryService::Stub::GetDelivery, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.delivery();
  }
  pb::Delivery AwaitSettled(const std::string& id) {
    pb::AwaitTaskRequest request;
    request.mutable_task()->set_task_id(id);
    request.set_wait_for_delivery(true);
    pb::AwaitTaskResponse response;
    const grpc::Status status = Call(*tasks_, &pb::TaskService::Stub::AwaitTask, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.task().delivery();
  }
  template <typename Condition>
  static void AwaitThat(const Condition& holds) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!holds() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    EXPECT_TRUE(holds());
  }
  std::string HowItEnds(const pb::SubscribeRequest& first, const pb::SubscribeRequest* second = nullptr) {
    auto engine = Open();
    engine->Send(first);
    if (second != nullptr) engine->Send(*second);
    EXPECT_TRUE(engine->Ended());
    const grpc::Status status = engine->Finish();
    return ReasonOf(status) + ": " + status.error_message();
  }

  forward::Observer silent_;
  forward::SubscriberTarget* target_ = nullptr;
  std::unique_ptr<forward::Forwarder> forwarder_;
  std::unique_ptr<pb::DeliveryService::Stub> deliveries_;
};

TEST_F(SubscribeTest, AnEngineTakesAnOutcomeWithEverythingThatBelongsToIt) {
  pb::IssueTaskRequest request;
  request.set_namespace_("demo");
  request.set_target("engine");
  request.set_correlation_key("order-17");
  request.set_upstream_token("the-engines-own");
  (*request.mutable_labels())["team"] = "a";
  request.mutable_trace()->set_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  const auto issued = Issue(request);
  ASSERT_TRUE(DoorFixture::Succeed(ByToken(issued.token()), R"({"paid":  true})").ok());
  auto engine = Open();
  engine->Join(1);
  const pb::OutgoingDelivery delivery = engine->Next();
  EXPECT_EQ(delivery.delivery_id(), issued.task_id());
  EXPECT_EQ(delivery.task_id(), issued.task_id());
  EXPECT_EQ(delivery.delivery_attempt(), 1u);
  EXPECT_FALSE(delivery.may_have_arrived());
  EXPECT_EQ(delivery.namespace_(), "demo");
  EXPECT_EQ(delivery.correlation_key(), "order-17");
  EXPECT_EQ(delivery.labels().at("team"), "a");
  EXPECT_EQ(delivery.upstream_token(), "the-engines-own");
  EXPECT_EQ(delivery.state(), pb::TASK_STATE_SUCCEEDED);
  EXPECT_EQ(delivery.outcome().output(), R"({"paid":  true})");
  EXPECT_EQ(delivery.outcome().resolved_by(), "key:engine");
  EXPECT_TRUE(delivery.has_issued_at());
  EXPECT_EQ(delivery.trace().traceparent(), request.trace().traceparent());
  EXPECT_EQ(StateOf(issued.task_id()).state(), pb::DELIVERY_STATE_PENDING);
  engine->Accept(delivery.delivery_id());
  EXPECT_EQ(AwaitSettled(issued.task_id()).state(), pb::DELIVERY_STATE_DELIVERED);
}

TEST_F(SubscribeTest, NoMoreComesThanThereIsCreditFor) {
  for (int i = 0; i < 5; ++i) Succeed();
  auto engine = Open();
  engine->Join(2);
  const std::string first = engine->Next().delivery_id();
  const std::string second = engine->Next().delivery_id();
  engine->Accept(first);
  EXPECT_EQ(AwaitSettled(first).state(), pb::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(target_->room(), 0) << "an answer gives no credit";
  EXPECT_EQ(forwarder_->Statuses()[0].under_way, 1);
  engine->Accept(second, 3);
  std::set<std::string> seen{first, second};
  for (int i = 0; i < 3; ++i) seen.insert(engine->Next().delivery_id());
  EXPECT_EQ(seen.size(), 5u);
}

TEST_F(SubscribeTest, ManyArriveInTurnWhateverTheirSize) {
  constexpr int kMany = 200;
  std::set<std::string> owed;
  const std::string large = "\"" + std::string(100'000, 'x') + "\"";
  for (int i = 0; i < kMany; ++i) owed.insert(Succeed(i % 10 == 0 ? large : "1"));
  auto engine = Open();
  engine->Join(50);
  for (int i = 0; i < kMany; ++i) {
    const std::string id = engine->Next().delivery_id();
    EXPECT_EQ(owed.erase(id), 1u) << "each once";
    engine->Accept(id, 1);
  }
}

TEST_F(SubscribeTest, AnOutcomeThatIsRecordedLaterIsBroughtAtOnce) {
  auto engine = Open();
  engine->Join(1);
  AwaitThat([&] { return target_->room() == 1; });
  const std::string id = Succeed();
  EXPECT_EQ(engine->Next().delivery_id(), id);
}

TEST_F(SubscribeTest, WhatIsWantedLaterComesAgainAndWhatIsRejectedIsADeadLetter) {
  const std::string id = Succeed();
  auto engine = Open();
  engine->Join(2);
  EXPECT_EQ(engine->Next().delivery_id(), id);
  pb::SubscribeRequest later;
  later.add_answers()->set_delivery_id(id);
  later.mutable_answers(0)->mutable_later()->mutable_delay()->set_seconds(5);
  later.mutable_answers(0)->mutable_later()->set_message("busy");
  engine->Send(later);
  AwaitThat([&] { return StateOf(id).has_next_attempt_at(); });
  EXPECT_EQ(StateOf(id).answer_message(), "busy");
  clock_.Advance(5'000);
  const pb::OutgoingDelivery again = engine->Next();
  EXPECT_EQ(again.delivery_attempt(), 2u);
  EXPECT_FALSE(again.may_have_arrived()) << "it said that it does not have it";
  pb::SubscribeRequest rejected;
  rejected.add_answers()->set_delivery_id(id);
  rejected.mutable_answers(0)->mutable_rejected()->set_code("NoSuchExecution");
  rejected.mutable_answers(0)->mutable_rejected()->set_message("gone");
  engine->Send(rejected);
  const pb::Delivery delivery = AwaitSettled(id);
  EXPECT_EQ(delivery.state(), pb::DELIVERY_STATE_DEAD_LETTERED);
  EXPECT_EQ(delivery.answer_code(), "NoSuchExecution");
  EXPECT_EQ(delivery.answer_message(), "gone");
}

TEST_F(SubscribeTest, AfterABreakWhatWasNotAnsweredComesAgain) {
  const std::string one = Succeed(), two = Succeed();
  auto engine = Open();
  engine->Join(2);
  std::set<std::string> seen{engine->Next().delivery_id(), engine->Next().delivery_id()};
  engine->Accept(one);
  EXPECT_EQ(AwaitSettled(one).state(), pb::DELIVERY_STATE_DELIVERED);
  engine->Break();
  auto next = Open();
  next->Join(10);
  const pb::OutgoingDelivery again = next->Next();
  EXPECT_EQ(again.delivery_id(), two);
  EXPECT_TRUE(again.may_have_arrived());
  EXPECT_EQ(again.delivery_attempt(), 2u);
  next->Accept(one);
  next->Accept("unknown");
  next->Accept(two);
  EXPECT_EQ(AwaitSettled(two).state(), pb::DELIVERY_STATE_DELIVERED);
  next->Accept(two);
  next->HalfClose();
  EXPECT_TRUE(next->Ended());
  EXPECT_TRUE(next->Finish().ok()) << "late, unknown and double answers are no errors";
}

TEST_F(SubscribeTest, TwoSubscribersShareTheLoadAndTheOneTakesOverFromTheOther) {
  auto one = Open(), two = Open();
  one->Join(3);
  two->Join(3);
  AwaitThat([&] { return target_->room() == 6; });
  std::set<std::string> owed;
  for (int i = 0; i < 6; ++i) owed.insert(Succeed());
  std::set<std::string> of_one, of_two;
  for (int i = 0; i < 3; ++i) {
    of_one.insert(one->Next().delivery_id());
    of_two.insert(two->Next().delivery_id());
  }
  std::set<std::string> all = of_one;
  all.insert(of_two.begin(), of_two.end());
  EXPECT_EQ(all, owed);
  two->HalfClose();
  EXPECT_TRUE(two->Ended());
  EXPECT_TRUE(two->Finish().ok());
  one->GiveCredit(3);
  for (int i = 0; i < 3; ++i) {
    const pb::OutgoingDelivery again = one->Next();
    EXPECT_EQ(of_two.count(again.delivery_id()), 1u);
    EXPECT_TRUE(again.may_have_arrived());
  }
}

TEST_F(SubscribeTest, DrainingEndsTheStreamSoThatItIsResumed) {
  const std::string id = Succeed();
  auto engine = Open();
  engine->Join(2);
  EXPECT_EQ(engine->Next().delivery_id(), id);
  Drain();
  EXPECT_TRUE(engine->Ended());
  const grpc::Status status = engine->Finish();
  EXPECT_EQ(status.error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(ReasonOf(status), "DRAINING");
  EXPECT_EQ(target_->subscribers(), 0);
}

TEST_F(SubscribeTest, ASubscriberNeedsReadAndAdministerEverywhere) {
  pb::SubscribeRequest first;
  first.set_target("engine");
  for (const char* key : {"reader", "demo"}) {
    key_ = key;
    EXPECT_THAT(HowItEnds(first), HasSubstr("PERMISSION_DENIED")) << key;
  }
  EXPECT_EQ(target_->subscribers(), 0);
}

TEST_F(SubscribeTest, WhatIsWrongEndsTheStream) {
  pb::SubscribeRequest first, second;
  EXPECT_THAT(HowItEnds(first), HasSubstr("INVALID_FIELD: target"));
  first.set_target("nobody");
  EXPECT_THAT(HowItEnds(first), HasSubstr("target must be the name of a configured target of kind subscriber"));
  first.set_target("engine");
  first.set_credit(1001);
  EXPECT_THAT(HowItEnds(first), HasSubstr("credit"));
  first.set_credit(1000);
  second.set_target("engine");
  EXPECT_THAT(HowItEnds(first, &second), HasSubstr("target must be empty after the first message"));
  second.Clear();
  second.set_credit(1);
  EXPECT_THAT(HowItEnds(first, &second), HasSubstr("credit must be at most 1000"));
  second.Clear();
  second.add_answers()->set_delivery_id("a");
  EXPECT_THAT(HowItEnds(first, &second), HasSubstr("answers[0].answer"));
  second.mutable_answers(0)->mutable_rejected();
  EXPECT_THAT(HowItEnds(first, &second), HasSubstr("answers[0].rejected.code"));
  second.mutable_answers(0)->mutable_later()->mutable_delay()->set_seconds(-1);
  EXPECT_THAT(HowItEnds(first, &second), HasSubstr("answers[0].later.delay"));
  AwaitThat([&] { return target_->subscribers() == 0; });
}

}  // namespace
}  // namespace tokenbroker::rpc
