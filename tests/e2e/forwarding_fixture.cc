#include "tests/e2e/forwarding_fixture.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/e2e/certificate.h"
#include "tests/testing/http_get.h"
#include "tests/testing/text_file.h"

namespace tokenbroker::testing {
namespace {

constexpr char kTokenPrefix[] = "AQCEAAAAKgAAAAMAAAAAAAAAASecretOfTheEngine";
constexpr char kSecretKey[] = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYSecretKey";
constexpr char kSessionToken[] = "IQoJb3JpZ2luX2VjSecretSession";
constexpr DurationMs kPatience = 60'000;
constexpr size_t kBatch = 500;

}  // namespace

ForwardingTest::ForwardingTest() {
  broker_.environment = {{"AWS_SHARED_CREDENTIALS_FILE", credentials_file()},
                         {"AWS_CONFIG_FILE", folder() + "/no-config"},
                         {"AWS_EC2_METADATA_DISABLED", "true"}};
  WriteCredentials("AKIDFIRST");
}

void ForwardingTest::TearDown() {
  if (!started()) return;
  ExpectNoSecretIn(ReadFileOr(broker_.log(), ""), "the log");
  if (!process().Running()) return;
  const std::string metrics = HttpGet(process().admin_port(), "/metrics");
  EXPECT_TRUE(absl::StrContains(metrics, "tokenbroker_delivery_attempts_total"));
  ExpectNoSecretIn(metrics, "/metrics");
  for (const v1::Delivery& delivery :
       List({v1::DELIVERY_STATE_PENDING, v1::DELIVERY_STATE_DELIVERED, v1::DELIVERY_STATE_PROBABLY_DELIVERED,
             v1::DELIVERY_STATE_DEAD_LETTERED, v1::DELIVERY_STATE_DROPPED})) {
    ExpectNoSecretIn(delivery.DebugString(), "a delivery");
  }
}

void ForwardingTest::ExpectNoSecretIn(const std::string& text, const std::string& where) {
  for (const char* secret : {kTokenPrefix, kSecretKey, kSessionToken, "AKIDFIRST", "AKIDSECOND"}) {
    const size_t at = text.find(secret);
    EXPECT_EQ(at, std::string::npos) << secret << " stands in " << where << ": "
                                     << text.substr(at < 200 ? 0 : at - 200, 500);
  }
}

void ForwardingTest::StartForwarding(const std::string& endpoint, std::vector<std::string> flags) {
  const std::string config = folder() + "/config.yaml";
  std::ofstream(config) << "targets:\n  engine:\n    kind: step_functions\n    region: eu-west-1\n    timeout: 2s\n"
                        << "    endpoint: " << endpoint << "\n";
  std::vector<std::string> all = {"--config",
                                  config,
                                  "--forwarding-backoff-base",
                                  "10ms",
                                  "--forwarding-backoff-max",
                                  "100ms",
                                  "--forwarding-operator-backoff-max",
                                  "1s"};
  all.insert(all.end(), flags.begin(), flags.end());
  Start(all);
}

void ForwardingTest::WriteCredentials(const std::string& access_key_id) {
  ReplaceFile(credentials_file(),
              absl::StrCat("[default]\naws_access_key_id = ", access_key_id, "\naws_secret_access_key = ", kSecretKey,
                           "\naws_session_token = ", kSessionToken, "\n"));
}

void ForwardingTest::RemoveCredentials() { std::filesystem::remove(credentials_file()); }

std::string ForwardingTest::EngineToken(const std::string& name) { return absl::StrCat(kTokenPrefix, "/", name); }

void ForwardingTest::IssueFor(const std::string& name) {
  v1::IssueTaskRequest request;
  request.set_namespace_("e2e");
  request.set_target("engine");
  request.set_upstream_token(EngineToken(name));
  request.set_correlation_key(name);
  v1::IssueTaskResponse response;
  const grpc::Status status = client().Issue(request, response);
  ASSERT_TRUE(status.ok()) << Describe(status);
}

void ForwardingTest::Settle(const std::string& name) {
  const grpc::Status status = SucceedWith(EngineToken(name), absl::StrCat("{\"outcome\":\"", name, "\"}"));
  ASSERT_TRUE(status.ok()) << Describe(status);
}

void ForwardingTest::IssueAndSettleMany(size_t count) {
  for (size_t begin = 0; begin < count; begin += kBatch) {
    v1::BatchIssueTasksRequest issue;
    v1::BatchSettleRequest settle;
    for (size_t i = begin; i < std::min(count, begin + kBatch); ++i) {
      v1::IssueTaskRequest& request = *issue.add_items();
      request.set_namespace_("e2e");
      request.set_target("engine");
      request.set_upstream_token(EngineToken(i));
      request.set_correlation_key(absl::StrCat(i));
      v1::SucceedRequest& succeed = *settle.add_items()->mutable_succeed();
      *succeed.mutable_task() = ByToken(EngineToken(i));
      succeed.set_output(absl::StrCat("{\"outcome\":\"", i, "\"}"));
    }
    v1::BatchIssueTasksResponse issued;
    ASSERT_TRUE(client().Call(client().tasks(), &v1::TaskService::Stub::BatchIssueTasks, issue, issued).ok());
    v1::BatchSettleResponse settled;
    ASSERT_TRUE(client().Call(client().resolver(), &v1::ResolverService::Stub::BatchSettle, settle, settled).ok());
    for (const v1::SettlementResult& result : settled.items()) ASSERT_EQ(result.verdict(), v1::VERDICT_ACCEPTED);
  }
}

v1::Delivery ForwardingTest::DeliveryOf(const std::string& name) {
  v1::GetDeliveryRequest request;
  *request.mutable_task() = ByKey("e2e", name);
  v1::GetDeliveryResponse response;
  const grpc::Status status =
      client().Call(client().deliveries(), &v1::DeliveryService::Stub::GetDelivery, request, response);
  EXPECT_TRUE(status.ok()) << name << ": " << Describe(status);
  return response.delivery();
}

v1::Delivery ForwardingTest::Becomes(const std::string& name, const std::function<bool(const v1::Delivery&)>& right) {
  for (const TimeMs until = NowMs() + kPatience;;) {
    const v1::Delivery delivery = DeliveryOf(name);
    const bool is_right = right(delivery);
    if (is_right || HasFailure() || NowMs() > until) {
      EXPECT_TRUE(is_right) << name << " stays " << delivery.DebugString();
      return delivery;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

v1::Delivery ForwardingTest::Delivered(const std::string& name) {
  return Becomes(name, [](const v1::Delivery& delivery) { return delivery.state() != v1::DELIVERY_STATE_PENDING; });
}

std::vector<v1::Delivery> ForwardingTest::List(const std::vector<v1::DeliveryState>& states) {
  std::vector<v1::Delivery> all;
  v1::ListDeliveriesRequest request;
  for (const v1::DeliveryState state : states) request.add_states(state);
  request.set_page_size(1000);
  do {
    v1::ListDeliveriesResponse page;
    const grpc::Status status =
        client().Call(client().deliveries(), &v1::DeliveryService::Stub::ListDeliveries, request, page);
    EXPECT_TRUE(status.ok()) << Describe(status);
    all.insert(all.end(), page.deliveries().begin(), page.deliveries().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return all;
}

void ForwardingTest::AwaitAll() {
  const TimeMs until = NowMs() + kPatience;
  while (!List({v1::DELIVERY_STATE_PENDING}).empty()) {
    ASSERT_LT(NowMs(), until) << "still owed: " << List({v1::DELIVERY_STATE_PENDING})[0].DebugString();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace tokenbroker::testing
