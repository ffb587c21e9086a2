// A broker whose answers a test writes, a waiter that does not wait, and a world to run commands in.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "cli/app.h"
#include "cli/broker.h"
#include "cli/waiter.h"

namespace tokenbroker::cli {

// Calls without a hook are answered with UNIMPLEMENTED.
class FakeBroker : public Broker {
 public:
  template <typename Request, typename Response>
  using Hook = std::function<absl::StatusOr<Response>(const Request&, DurationMs)>;

  Hook<v1::IssueTaskRequest, v1::IssueTaskResponse> issue;
  Hook<v1::GetTaskRequest, v1::GetTaskResponse> get;
  Hook<v1::BatchGetTasksRequest, v1::BatchGetTasksResponse> batch_get;
  Hook<v1::ListTasksRequest, v1::ListTasksResponse> list;
  Hook<v1::CancelTaskRequest, v1::CancelTaskResponse> cancel;
  Hook<v1::ExtendDeadlineRequest, v1::ExtendDeadlineResponse> extend;
  Hook<v1::AwaitTaskRequest, v1::AwaitTaskResponse> await;
  Hook<v1::HeartbeatRequest, v1::HeartbeatResponse> heartbeat;
  Hook<v1::SucceedRequest, v1::SucceedResponse> succeed;
  Hook<v1::FailRequest, v1::FailResponse> fail;
  Hook<v1::PeekTaskRequest, v1::PeekTaskResponse> peek;
  Hook<v1::ListDeliveriesRequest, v1::ListDeliveriesResponse> list_deliveries;
  Hook<v1::GetDeliveryRequest, v1::GetDeliveryResponse> get_delivery;
  Hook<v1::RedriveDeliveriesRequest, v1::RedriveDeliveriesResponse> redrive;
  Hook<v1::DropDeliveryRequest, v1::DropDeliveryResponse> drop;
  Hook<v1::DropDeliveriesRequest, v1::DropDeliveriesResponse> drop_many;
  Hook<v1::CreateBackupRequest, v1::CreateBackupResponse> backup;
  std::function<absl::StatusOr<v1::GetStatusResponse>()> status;
  std::function<std::unique_ptr<WatchStream>(const v1::WatchTasksRequest&)> watch;
  std::function<std::unique_ptr<SettleStream>()> settle;

  absl::StatusOr<v1::IssueTaskResponse> Issue(const v1::IssueTaskRequest& r, DurationMs t) override;
  absl::StatusOr<v1::GetTaskResponse> Get(const v1::GetTaskRequest& r, DurationMs t) override;
  absl::StatusOr<v1::BatchGetTasksResponse> BatchGet(const v1::BatchGetTasksRequest& r, DurationMs t) override;
  absl::StatusOr<v1::ListTasksResponse> List(const v1::ListTasksRequest& r, DurationMs t) override;
  absl::StatusOr<v1::CancelTaskResponse> Cancel(const v1::CancelTaskRequest& r, DurationMs t) override;
  absl::StatusOr<v1::ExtendDeadlineResponse> Extend(const v1::ExtendDeadlineRequest& r, DurationMs t) override;
  absl::StatusOr<v1::AwaitTaskResponse> Await(const v1::AwaitTaskRequest& r, DurationMs t) override;
  absl::StatusOr<v1::HeartbeatResponse> Heartbeat(const v1::HeartbeatRequest& r, DurationMs t) override;
  absl::StatusOr<v1::SucceedResponse> Succeed(const v1::SucceedRequest& r, DurationMs t) override;
  absl::StatusOr<v1::FailResponse> Fail(const v1::FailRequest& r, DurationMs t) override;
  absl::StatusOr<v1::PeekTaskResponse> Peek(const v1::PeekTaskRequest& r, DurationMs t) override;
  absl::StatusOr<v1::ListDeliveriesResponse> ListDeliveries(const v1::ListDeliveriesRequest& r, DurationMs t) override;
  absl::StatusOr<v1::GetDeliveryResponse> GetDelivery(const v1::GetDeliveryRequest& r, DurationMs t) override;
  absl::StatusOr<v1::RedriveDeliveriesResponse> Redrive(const v1::RedriveDeliveriesRequest& r, DurationMs t) override;
  absl::StatusOr<v1::DropDeliveryResponse> Drop(const v1::DropDeliveryRequest& r, DurationMs t) override;
  absl::StatusOr<v1::DropDeliveriesResponse> DropMany(const v1::DropDeliveriesRequest& r, DurationMs t) override;
  absl::StatusOr<v1::CreateBackupResponse> Backup(const v1::CreateBackupRequest& r, DurationMs t) override;
  absl::StatusOr<v1::GetStatusResponse> Status(DurationMs t) override;
  std::unique_ptr<WatchStream> Watch(const v1::WatchTasksRequest& r) override { return watch(r); }
  std::unique_ptr<SettleStream> Settle() override { return settle(); }
};

// Time passes only by waiting.
class ManualWaiter : public Waiter {
 public:
  TimeMs Now() const override { return now; }
  bool Wait(DurationMs span) override {
    now += span;
    waits.push_back(span);
    return !interrupted;
  }

  TimeMs now = 1'000'000;
  std::vector<DurationMs> waits;
  bool interrupted = false;
};

// The lower end of every jittered span.
Random FixedRandom();

// An error as the broker sends it.
absl::Status Refusal(absl::StatusCode code, v1::ErrorReason reason, const std::string& message = "");
absl::Status Away();

v1::Task TaskIn(v1::TaskState state, const std::string& id = "0123456789abcdef01");

// Runs whole command lines against a FakeBroker.
class CommandTest {
 public:
  CommandTest();
  ~CommandTest();

  int Tokenctl(const std::vector<std::string>& arguments);
  void Input(const std::string& text);

  FakeBroker broker;
  ManualWaiter waiter;
  ManualClock wall{1'800'000'000'000};
  std::map<std::string, std::string> environment;
  std::string out;
  std::string err;
  // From the first byte.
  bool output_is_full = false;
  Settings settings;  // As the last command connected with.
  int connections = 0;

 private:
  int in_;
};

}  // namespace tokenbroker::cli
