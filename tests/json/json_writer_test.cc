#include "json/json_writer.h"

#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tokenbroker/v1/admin_service.pb.h"
#include "tokenbroker/v1/task_service.pb.h"

namespace tokenbroker::json {
namespace {

std::string Json(const google::protobuf::Message& message) {
  std::string text;
  WriteJson(message, text);
  return text;
}

TEST(WriteJson, WritesWhatIsSet) {
  v1::Task task;
  task.set_task_id("0000000000000000a1");
  task.set_state(v1::TASK_STATE_WAITING);
  task.set_attempt(1);
  task.mutable_deadline()->set_seconds(1'795'000'000);
  task.mutable_heartbeat_timeout()->set_nanos(250'000'000);
  EXPECT_EQ(Json(task), R"({"taskId":"0000000000000000a1","state":"TASK_STATE_WAITING","attempt":1,)"
                        R"("deadline":"2026-11-18T11:06:40Z","heartbeatTimeout":"0.250s"})");
}

TEST(WriteJson, WritesEmptyListsOfTheMessageItself) {
  EXPECT_EQ(Json(v1::ListTasksResponse()), R"({"tasks":[]})");
  EXPECT_EQ(Json(v1::Task()), "{}");  // labels are no list
  v1::ListTasksRequest request;
  request.mutable_filter();
  EXPECT_EQ(Json(request), R"({"filter":{}})");
}

TEST(WriteJson, WritesSetMembersOfOneofsWhateverTheirValue) {
  v1::TaskRef ref;
  ref.set_token("");
  EXPECT_EQ(Json(ref), R"({"token":""})");
}

TEST(WriteJson, Writes64BitsAsStrings) {
  v1::GetStatusResponse status;
  status.set_open_tasks(UINT64_MAX);
  status.set_epoch(UINT32_MAX);
  EXPECT_EQ(Json(status), R"({"openTasks":"18446744073709551615","epoch":4294967295})");
}

TEST(WriteJson, SortsMaps) {
  v1::Task task;
  for (const char* key : {"c", "a", "b"}) (*task.mutable_labels())[key] = "x";
  EXPECT_EQ(Json(task), R"({"labels":{"a":"x","b":"x","c":"x"}})");
}

TEST(WriteJson, WritesEnumValuesWithoutNameByNumber) {
  v1::Task task;
  task.set_state(static_cast<v1::TaskState>(99));
  EXPECT_EQ(Json(task), R"({"state":99})");
}

TEST(WriteJson, WritesNullForATimeThatIsNone) {
  v1::Task task;
  task.mutable_deadline()->set_nanos(-1);
  EXPECT_EQ(Json(task), R"({"deadline":null})");
}

TEST(WriteJson, OpensAny) {
  google::rpc::ErrorInfo info;
  info.set_reason("TASK_UNKNOWN");
  google::rpc::Status status;
  status.add_details()->PackFrom(info);
  status.add_details()->set_type_url("type.googleapis.com/not.Ours");
  EXPECT_EQ(Json(status), R"({"details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"TASK_UNKNOWN"},)"
                          R"({"@type":"type.googleapis.com/not.Ours"}]})");
}

TEST(WriteString, Escapes) {
  std::string text;
  WriteString(std::string("\"\\/\b\f\n\r\t\x01\x7f\0é\xE2\x80\xA8\xE2\x80\xA9€", 22), text);
  EXPECT_EQ(text, R"("\"\\/\b\f\n\r\t\u0001\u007f\u0000é\u2028\u2029€")");
}

}  // namespace
}  // namespace tokenbroker::json
