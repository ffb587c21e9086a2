#include "tests/cli/fake_broker.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/error.h"

namespace tokenbroker::cli {
namespace {

template <typename Hook, typename Request>
auto Answer(const Hook& hook, const Request& request, DurationMs timeout) -> decltype(hook(request, timeout)) {
  if (!hook) return absl::UnimplementedError("the test has no answer for this call");
  return hook(request, timeout);
}

}  // namespace

absl::StatusOr<v1::IssueTaskResponse> FakeBroker::Issue(const v1::IssueTaskRequest& r, DurationMs t) {
  return Answer(issue, r, t);
}
absl::StatusOr<v1::GetTaskResponse> FakeBroker::Get(const v1::GetTaskRequest& r, DurationMs t) {
  return Answer(get, r, t);
}
absl::StatusOr<v1::BatchGetTasksResponse> FakeBroker::BatchGet(const v1::BatchGetTasksRequest& r, DurationMs t) {
  return Answer(batch_get, r, t);
}
absl::StatusOr<v1::ListTasksResponse> FakeBroker::List(const v1::ListTasksRequest& r, DurationMs t) {
  return Answer(list, r, t);
}
absl::StatusOr<v1::CancelTaskResponse> FakeBroker::Cancel(const v1::CancelTaskRequest& r, DurationMs t) {
  return Answer(cancel, r, t);
}
absl::StatusOr<v1::ExtendDeadlineResponse> FakeBroker::Extend(const v1::ExtendDeadlineRequest& r, DurationMs t) {
  return Answer(extend, r, t);
}
absl::StatusOr<v1::AwaitTaskResponse> FakeBroker::Await(const v1::AwaitTaskRequest& r, DurationMs t) {
  return Answer(await, r, t);
}
absl::StatusOr<v1::HeartbeatResponse> FakeBroker::Heartbeat(const v1::HeartbeatRequest& r, DurationMs t) {
  return Answer(heartbeat, r, t);
}
absl::StatusOr<v1::SucceedResponse> FakeBroker::Succeed(const v1::SucceedRequest& r, DurationMs t) {
  return Answer(succeed, r, t);
}
absl::StatusOr<v1::ListDeliveriesResponse> FakeBroker::ListDeliveries(const v1::ListDeliveriesRequest& r,
                                                                      DurationMs t) {
  return Answer(list_deliveries, r, t);
}
absl::StatusOr<v1::GetDeliveryResponse> FakeBroker::GetDelivery(const v1::GetDeliveryRequest& r, DurationMs t) {
  return Answer(get_delivery, r, t);
}
absl::StatusOr<v1::RedriveDeliveriesResponse> FakeBroker::Redrive(const v1::RedriveDeliveriesRequest& r, DurationMs t) {
  return Answer(redrive, r, t);
}
absl::StatusOr<v1::DropDeliveryResponse> FakeBroker::Drop(const v1::DropDeliveryRequest& r, DurationMs t) {
  return Answer(drop, r, t);
}
absl::StatusOr<v1::DropDeliveriesResponse> FakeBroker::DropMany(const v1::DropDeliveriesRequest& r, DurationMs t) {
  return Answer(drop_many, r, t);
}
absl::StatusOr<v1::FailResponse> FakeBroker::Fail(const v1::FailRequest& r, DurationMs t) { return Answer(fail, r, t); }
absl::StatusOr<v1::PeekTaskResponse> FakeBroker::Peek(const v1::PeekTaskRequest& r, DurationMs t) {
  return Answer(peek, r, t);
}
absl::StatusOr<v1::CreateBackupResponse> FakeBroker::Backup(const v1::CreateBackupRequest& r, DurationMs t) {
  return Answer(backup, r, t);
}
absl::StatusOr<v1::GetStatusResponse> FakeBroker::Status(DurationMs) {
  if (!status) return absl::UnimplementedError("the test has no answer for this call");
  return status();
}

Random FixedRandom() {
  return [] { return uint64_t{0}; };
}

absl::Status Refusal(absl::StatusCode code, v1::ErrorReason reason, const std::string& message) {
  v1::ItemError error;
  error.set_code(static_cast<int>(code));
  error.set_reason(reason);
  error.set_message(message);
  return MakeError(error);
}

absl::Status Away() { return absl::UnavailableError("connection refused"); }

v1::Task TaskIn(v1::TaskState state, const std::string& id) {
  v1::Task task;
  task.set_task_id(id);
  task.set_namespace_("default");
  task.set_state(state);
  task.set_attempt(1);
  return task;
}

CommandTest::CommandTest() : in_(memfd_create("input", MFD_CLOEXEC)) {}

CommandTest::~CommandTest() { close(in_); }

void CommandTest::Input(const std::string& text) {
  ASSERT_EQ(write(in_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  lseek(in_, 0, SEEK_SET);
}

int CommandTest::Tokenctl(const std::vector<std::string>& arguments) {
  std::ostringstream out_stream;
  std::ostringstream err_stream;
  if (output_is_full) out_stream.setstate(std::ios::badbit);
  World world{out_stream,
              err_stream,
              in_,
              false,
              [this](const std::string& name) -> std::optional<std::string> {
                const auto found = environment.find(name);
                if (found == environment.end()) return std::nullopt;
                return found->second;
              },
              waiter,
              wall,
              FixedRandom(),
              [this](const Settings& wanted) {
                settings = wanted;
                ++connections;
                return std::shared_ptr<Broker>(&broker, [](Broker*) {});
              }};
  const int code = RunCli(arguments, std::move(world));
  out = out_stream.str();
  err = err_stream.str();
  return code;
}

}  // namespace tokenbroker::cli
