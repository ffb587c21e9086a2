#include "json/json_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "json/fault.h"
#include "tokenbroker/v1/resolver_service.pb.h"
#include "tokenbroker/v1/task_service.pb.h"

namespace tokenbroker::json {
namespace {

using testing::HasSubstr;

template <typename T>
T Read(std::string_view text) {
  T message;
  const absl::Status status = ReadJson(text, message);
  EXPECT_TRUE(status.ok()) << status << "\n" << text;
  return message;
}

TEST(ReadJson, TakesJsonNamesAndProtoNames) {
  for (const char* text : {R"({"correlationKey":"k","heartbeatTimeout":"1.5s"})",
                           R"({"correlation_key":"k","heartbeat_timeout":"1.500s"})"}) {
    const auto request = Read<v1::IssueTaskRequest>(text);
    EXPECT_EQ(request.correlation_key(), "k");
    EXPECT_EQ(request.heartbeat_timeout().seconds(), 1);
    EXPECT_EQ(request.heartbeat_timeout().nanos(), 500'000'000);
  }
}

TEST(ReadJson, TakesTheNameThatTheProtoGivesForJson) {
  EXPECT_EQ(Read<v1::AwaitTaskRequest>(R"({"wait":"30s"})").limit().seconds(), 30);
  EXPECT_EQ(Read<v1::AwaitTaskRequest>(R"({"limit":"30s"})").limit().seconds(), 30);
}

TEST(ReadJson, NullLeavesUnset) {
  const auto request = Read<v1::SucceedRequest>(R"({"task":null,"output":null,"parkFor":null})");
  EXPECT_EQ(request.ByteSizeLong(), 0u);
  EXPECT_EQ(Read<v1::TaskRef>(R"({"token":null,"taskId":"x"})").task_id(), "x");
  EXPECT_EQ(Read<v1::IssueTaskRequest>(R"({"labels":null})").labels_size(), 0);
}

TEST(ReadJson, UnescapesTexts) {
  EXPECT_EQ(Read<v1::SucceedRequest>(R"({"out\u0070ut":"\"\\\/\b\f\n\r\t\u00e9\uD83D\ude00\u0000"})").output(),
            std::string("\"\\/\b\f\n\r\té😀\0", 15));
}

TEST(ReadJson, TakesWholeNumbersInEveryForm) {
  for (const char* number : {"7", "\"7\"", "7.0", "70e-1", "0.7e1"}) {
    EXPECT_EQ(Read<v1::IssueTaskRequest>(std::string(R"({"attempt":)") + number + "}").attempt(), 7u) << number;
  }
  EXPECT_EQ(Read<v1::SettleStreamRequest>(R"({"batchId":"18446744073709551615"})").batch_id(), UINT64_MAX);
  EXPECT_EQ(Read<v1::SettleStreamRequest>(R"({"batchId":18446744073709551615})").batch_id(), UINT64_MAX);
  EXPECT_EQ(Read<v1::ListTasksRequest>(R"({"pageSize":-2147483648})").page_size(), INT32_MIN);
}

TEST(ReadJson, TakesEnumsByNameAndNumber) {
  const auto filter = Read<v1::TaskFilter>(R"({"states":["TASK_STATE_FAILED",1]})");
  EXPECT_THAT(filter.states(), testing::ElementsAre(v1::TASK_STATE_FAILED, v1::TASK_STATE_WAITING));
}

TEST(ReadJson, TakesMaps) {
  const auto request = Read<v1::IssueTaskRequest>(R"({"labels":{"team":"loans","":"x"}})");
  EXPECT_EQ(request.labels().at("team"), "loans");
  EXPECT_EQ(request.labels().at(""), "x");
}

TEST(ReadJson, TakesAny) {
  const auto status = Read<google::rpc::Status>(
      R"({"details":[{"reason":"X","@type":"type.googleapis.com/google.rpc.ErrorInfo","metadata":{"a":"b"}},{}]})");
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(status.details(0).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "X");
  EXPECT_EQ(info.metadata().at("a"), "b");
  EXPECT_EQ(status.details_size(), 2);
}

struct Bad {
  const char* text;
  const char* field;
  const char* message;
};

class Refuses : public testing::TestWithParam<Bad> {};

TEST_P(Refuses, WithFieldAndRule) {
  v1::IssueTaskRequest request;
  const absl::Status status = ReadJson(GetParam().text, request);
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << GetParam().text;
  EXPECT_EQ(FieldOf(status), GetParam().field) << GetParam().text;
  EXPECT_THAT(std::string(status.message()), HasSubstr(GetParam().message)) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Json, Refuses,
    testing::Values(Bad{"", "", "not JSON: expected a value, found the end of the text (line 1, column 1"},
                    Bad{"{\n  \"input\" 1}", "", "not JSON: expected ':' after the name (line 2, column 11"},
                    Bad{"{\"input\":\"\xff\"}", "", "invalid UTF-8"},  //
                    Bad{"{} {}", "", "expected the end of the text"},
                    Bad{"[]", "", "the request must be an object, and is an array (line 1, column 1)"},
                    Bad{"null", "", "the request must be an object, and is null"},
                    Bad{"\n {\"input\":\n 5}", "input", "input must be a string (line 3, column 2)"}));

INSTANTIATE_TEST_SUITE_P(
    Names, Refuses,
    testing::Values(Bad{R"({"inptu":""})", "inptu",
                        R"(inptu is not a field of IssueTaskRequest; did you mean "input"?)"},
                    Bad{R"({"corelation_key":""})", "corelation_key", R"(did you mean "correlationKey"?)"},
                    Bad{R"({"contract":{"zzzzzzz":1}})", "contract.zzzzzzz",
                        "is not a field of OutcomeContract, which has outputSchema, allowedErrors"},
                    Bad{R"({"input":"","input":""})", "input", "input is given twice (line 1, column 13)"},
                    Bad{R"({"request_id":"a","requestId":null})", "request_id", "is given twice"},
                    Bad{R"({"labels":{"a":"1","\u0061":"2"}})", "labels[a]", "labels[a] is given twice"}));

INSTANTIATE_TEST_SUITE_P(Values, Refuses,
                         testing::Values(Bad{R"({"input":{"a":1}})", "input",
                                             "must be a string (JSON travels as text, in a string), and is an object"},
                                         Bad{R"({"input":true})", "input", "must be a string, and is true"},
                                         Bad{R"({"input":["a"]})", "input", "must be a string, and is an array"},
                                         Bad{R"({"labels":[]})", "labels", "must be an object, and is an array"},
                                         Bad{R"({"labels":{"a":null}})", "labels[a]", "must be a string, and is null"},
                                         Bad{R"({"labels":{"a":1}})", "labels[a]", "must be a string"},
                                         Bad{R"({"contract":"x"})", "contract", "must be an object"},
                                         Bad{R"({"contract":{"allowedErrors":"x"}})", "contract.allowed_errors",
                                             "must be an array, and is a string"},
                                         Bad{R"({"contract":{"allowedErrors":["x",null]}})",
                                             "contract.allowed_errors[1]", "must be a string, and is null"},
                                         Bad{R"({"attempt":4294967296})", "attempt", "must be from 0 to 4294967295"},
                                         Bad{R"({"attempt":-1})", "attempt", "must be from 0 to 4294967295"},
                                         Bad{R"({"attempt":1e400})", "attempt", "must be from 0 to 4294967295"},
                                         Bad{R"({"attempt":1.5})", "attempt", "must be a whole number"},
                                         Bad{R"({"attempt":""})", "attempt", "must be a whole number"},
                                         Bad{R"({"attempt":" 1"})", "attempt", "must be a whole number"},
                                         Bad{R"({"attempt":"0x1"})", "attempt", "must be a whole number"},
                                         Bad{R"({"attempt":true})", "attempt", "must be a whole number, and is true"},
                                         Bad{R"({"timeout":30})", "timeout",
                                             "must be a duration in seconds like \"30s\""},
                                         Bad{R"({"timeout":"30"})", "timeout", "must be a duration"},
                                         Bad{R"({"timeout":"1m"})", "timeout", "must be a duration"},
                                         Bad{R"({"timeout":"1.s"})", "timeout", "must be a duration"},
                                         Bad{R"({"timeout":"1.0000000001s"})", "timeout", "must be a duration"},
                                         Bad{R"({"timeout":"315576000001s"})", "timeout", "must be a duration"},
                                         Bad{R"({"timeout":{"seconds":1}})", "timeout", "must be a duration"}));

// Of any message: what IssueTaskRequest has no field for.
template <typename T>
std::string FaultOf(std::string_view text) {
  T message;
  const absl::Status status = ReadJson(text, message);
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << text;
  return std::string(status.message());
}

TEST(ReadJson, NamesTheEnumValuesThereAre) {
  EXPECT_THAT(
      FaultOf<v1::GetTaskRequest>(R"({"view":"FULL"})"),
      HasSubstr("view must be one of TASK_VIEW_UNSPECIFIED, TASK_VIEW_BASIC, TASK_VIEW_FULL (line 1, column 9)"));
  EXPECT_THAT(FaultOf<v1::GetTaskRequest>(R"({"view":3})"), HasSubstr("view must be one of"));
  EXPECT_THAT(FaultOf<v1::TaskFilter>(R"({"states":[1,9]})"), HasSubstr("states[1] must be one of"));
}

TEST(ReadJson, RefusesTwoMembersOfAOneof) {
  EXPECT_THAT(FaultOf<v1::GetTaskRequest>(R"({"task":{"token":"secret","taskId":"x"}})"),
              HasSubstr("task.task_id must not stand beside token: give one of them"));
}

TEST(ReadJson, NamesThePlaceInALongBatch) {
  EXPECT_THAT(FaultOf<v1::BatchSettleRequest>(
                  R"({"items":[{"succeed":{"output":"1"}},{"fail":{"task":{"key":{"namespace":1}}}}]})"),
              HasSubstr("items[1].fail.task.key.namespace must be a string"));
}

TEST(ReadJson, RefusesBadTimes) {
  for (const char* time :
       {"", "2026-01-31", "2026-01-31 10:00:00Z", "2026-01-31T10:00:00", "2026-02-30T10:00:00Z", "2026-01-31T24:00:00Z",
        "2026-01-31T10:60:00Z", "2026-01-31t10:00:00z", "2026-01-31T10:00:00.Z", "2026-01-31T10:00:00.1234567890Z",
        "2026-01-31T10:00:00+1:00", "0000-12-31T23:59:59Z", "0001-01-01T00:00:00+00:01", "10000-01-01T00:00:00Z"}) {
    EXPECT_THAT(FaultOf<v1::Outcome>(std::string(R"({"resolvedAt":")") + time + "\"}"),
                HasSubstr("resolved_at must be a time like"))
        << time;
  }
}

TEST(ReadJson, TakesTimesWithOffsets) {
  EXPECT_EQ(Read<v1::Outcome>(R"({"resolvedAt":"1970-01-01T01:30:00.5+01:30"})").resolved_at().seconds(), 0);
  EXPECT_EQ(Read<v1::Outcome>(R"({"resolvedAt":"1969-12-31T23:59:59-00:00"})").resolved_at().seconds(), -1);
}

TEST(ReadJson, RefusesBadAny) {
  EXPECT_THAT(FaultOf<google::rpc::Status>(R"({"details":[{"reason":"X"}]})"),
              HasSubstr("details[0].@type is required"));
  EXPECT_THAT(FaultOf<google::rpc::Status>(R"({"details":[{"@type":"x/y.Z"}]})"),
              HasSubstr("must name a type of this contract"));
}

TEST(ReadJson, NeverQuotesValues) {
  EXPECT_THAT(FaultOf<v1::GetTaskRequest>(R"({"view":"s3cr3t"})"), testing::Not(HasSubstr("s3cr3t")));
}

TEST(ReadJson, RefusesNestingBeyondTheLimit) {
  const std::string deep = R"({"task":)" + std::string(200, '[') + std::string(200, ']') + "}";
  EXPECT_THAT(FaultOf<v1::GetTaskRequest>(deep), HasSubstr("nested deeper than 128 levels"));
}

// "[x,x,x]"
std::string ListOf(const std::string& element, int count) {
  std::string list = "[" + element;
  for (int i = 1; i < count; ++i) list += "," + element;
  return list + "]";
}

TEST(ReadJson, TakesAFullBatch) {
  const std::string text =
      R"({"items":)" + ListOf(R"({"contract":{"allowedErrors":)" + ListOf("\"\"", 64) + "}}", 1000) + "}";
  const auto request = Read<v1::BatchIssueTasksRequest>(text);
  ASSERT_EQ(request.items_size(), 1000);
  EXPECT_EQ(request.items(999).contract().allowed_errors_size(), 64);
}

TEST(ReadJson, StopsAtTheFirstElementTooMany) {
  v1::BatchIssueTasksRequest request;
  const absl::Status status = ReadJson("{\"items\":" + ListOf("{}", 100'000) + "}", request);
  EXPECT_EQ(FieldOf(status), "items");
  EXPECT_EQ(status.message(), "items must hold at most 1000 elements (line 1, column 3011)");
  EXPECT_EQ(request.items_size(), 1000);
}

TEST(ReadJson, StopsAtTheFirstEntryTooMany) {
  std::string text = R"({"labels":{"0":"")";
  for (int i = 1; i <= 2000; ++i) text += ",\"" + std::to_string(i) + "\":\"\"";
  v1::IssueTaskRequest request;
  EXPECT_THAT(std::string(ReadJson(text + "}}", request).message()),
              HasSubstr("labels must hold at most 1000 elements"));
  EXPECT_LE(request.labels_size(), 1000);
}

TEST(ReadJson, ListsInListsAreNoWayAroundTheLimit) {
  const std::string inner = R"({"contract":{"allowedErrors":)" + ListOf("\"\"", 1000) + "}}";
  v1::BatchIssueTasksRequest request;
  const absl::Status status = ReadJson("{\"items\":" + ListOf(inner, 1000) + "}", request);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("items[99].contract.allowed_errors is too long: all lists and maps of a request together must "
                        "hold at most 100000 elements"));
  EXPECT_EQ(request.items_size(), 100);
}

TEST(ReadJson, CutsLongUnknownNames) {
  EXPECT_LT(FaultOf<v1::GetTaskRequest>("{\"" + std::string(100'000, 'x') + "\":1}").size(), 300u);
}

}  // namespace
}  // namespace tokenbroker::json
