#include "server/rest/bind.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/fault.h"
#include "server/rest/route_table.h"
#include "tokenbroker/v1/resolver_service.pb.h"
#include "tokenbroker/v1/task_service.pb.h"

namespace tokenbroker::rest {
namespace {

using testing::HasSubstr;

const RouteTable& Table() {
  static const auto* const table = new absl::StatusOr<RouteTable>(ContractRoutes());
  return table->value();
}

// "GET /v1/status?x=y" to a message of the type that the caller expects.
template <typename T>
absl::Status BindTo(T& message, std::string_view request, std::string_view body = {}) {
  const size_t blank = request.find(' ');
  const std::string_view target = request.substr(blank + 1);
  const size_t mark = std::min(target.find('?'), target.size());
  const Found found = Table().Find(request.substr(0, blank), target.substr(0, mark));
  EXPECT_NE(found.route, nullptr) << request;
  EXPECT_EQ(found.route->method->input_type(), T::descriptor()) << request;
  return Bind(found, target.substr(std::min(mark + 1, target.size())), body, message);
}

template <typename T>
T Bound(std::string_view request, std::string_view body = {}) {
  T message;
  const absl::Status status = BindTo(message, request, body);
  EXPECT_TRUE(status.ok()) << status << "\n" << request;
  return message;
}

// "field: message".
template <typename T>
std::string FaultOf(std::string_view request, std::string_view body = {}) {
  T message;
  const absl::Status status = BindTo(message, request, body);
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << request;
  return json::FieldOf(status) + ": " + std::string(status.message());
}

TEST(Bind, TakesALongPoll) {
  const auto request = Bound<v1::AwaitTaskRequest>("GET /v1/tokens/abc%2Fdef%3D:await?wait=30s");
  EXPECT_EQ(request.task().token(), "abc/def=");
  EXPECT_EQ(request.limit().seconds(), 30);
}

TEST(Bind, TakesATokenFromTheBody) {
  const auto request = Bound<v1::SucceedRequest>("POST /v1/tasks:succeed", R"({"task":{"token":"abc"},"output":"1"})");
  EXPECT_EQ(request.task().token(), "abc");
  EXPECT_EQ(request.output(), "1");
}

TEST(Bind, TakesNoBodyForAnEmptyOne) {
  EXPECT_EQ(Bound<v1::HeartbeatRequest>("POST /v1/tokens/abc:heartbeat").task().token(), "abc");
  EXPECT_EQ(Bound<v1::HeartbeatRequest>("POST /v1/tokens/abc:heartbeat", " \r\n").task().token(), "abc");
}

TEST(Bind, TakesAFieldFromTheBody) {
  const auto request = Bound<v1::PeekTaskRequest>("POST /v1/settlements:peek", R"({"succeed":{"output":"1"}})");
  EXPECT_EQ(request.settlement().succeed().output(), "1");
  EXPECT_THAT(FaultOf<v1::PeekTaskRequest>("POST /v1/settlements:peek", R"({"succeed":{"output":1}})"),
              HasSubstr("settlement.succeed.output: settlement.succeed.output must be a string"));
  EXPECT_THAT(FaultOf<v1::PeekTaskRequest>("POST /v1/settlements:peek", "[]"),
              HasSubstr("settlement must be an object"));
  EXPECT_THAT(FaultOf<v1::PeekTaskRequest>("POST /v1/settlements:peek?settlement.fail.error=x"),
              HasSubstr("settlement.fail.error must stand in the body"));
}

TEST(Bind, TakesFiltersFromTheQuery) {
  const auto request = Bound<v1::ListTasksRequest>(
      "GET /v1/namespaces/loans/tasks?filter.states=TASK_STATE_WAITING&filter.states=TASK_STATE_FAILED&page_size=5"
      "&filter.labels[team]=a+b&filter.labels%5Bx%5D=%2B&filter.minAge=1.5s&&view=TASK_VIEW_FULL&pageToken");
  EXPECT_EQ(request.namespace_(), "loans");
  EXPECT_THAT(request.filter().states(), testing::ElementsAre(v1::TASK_STATE_WAITING, v1::TASK_STATE_FAILED));
  EXPECT_EQ(request.filter().labels().at("team"), "a b");
  EXPECT_EQ(request.filter().labels().at("x"), "+");
  EXPECT_EQ(request.filter().min_age().nanos(), 500'000'000);
  EXPECT_EQ(request.page_size(), 5);
  EXPECT_EQ(request.view(), v1::TASK_VIEW_FULL);
}

TEST(Bind, LetsTheBodyRepeatThePath) {
  EXPECT_EQ(Bound<v1::IssueTaskRequest>("POST /v1/namespaces/loans/tasks", R"({"namespace":"loans"})").namespace_(),
            "loans");
}

TEST(Bind, RefusesABodyThatContradictsThePath) {
  EXPECT_EQ(FaultOf<v1::IssueTaskRequest>("POST /v1/namespaces/loans/tasks", R"({"namespace":"cars"})"),
            "namespace: namespace is given in the path, and the body says something else");
  EXPECT_EQ(FaultOf<v1::FailRequest>("POST /v1/tokens/abc:fail", R"({"task":{"taskId":"x"}})"),
            "task.token: task.token must not stand beside task_id: give one of them");
}

TEST(Bind, RefusesBadParametersByName) {
  const auto fault = [](const std::string& query) {
    return FaultOf<v1::ListTasksRequest>("GET /v1/namespaces/loans/tasks?" + query);
  };
  EXPECT_EQ(fault("pagesize=5"), R"(pagesize: pagesize is not a field of ListTasksRequest; did you mean "pageSize"?)");
  EXPECT_EQ(fault("pageSize=x"), "page_size: page_size must be a whole number");
  EXPECT_EQ(fault("pageSize=5&page_size=5"), "page_size: page_size is given twice");
  EXPECT_EQ(fault("namespace=x"), "namespace: namespace is given in the path, and must not stand in the query");
  EXPECT_EQ(fault("filter=x"), "filter: filter has fields of its own: name one of them");
  EXPECT_EQ(fault("filter.target.x=x"), "filter.target: filter.target has no fields of its own");
  EXPECT_EQ(fault("filter.labels=x"), "filter.labels: filter.labels must have a key in brackets: name[key]=value");
  EXPECT_EQ(fault("filter.labels[a=x"), "filter.labels: filter.labels must have its key in brackets: name[key]=value");
  EXPECT_EQ(fault("filter.labels[a]=x&filter.labels[a]=x"), "filter.labels[a]: filter.labels[a] is given twice");
  EXPECT_EQ(fault("view[a]=x"), "view: view takes no key");
  EXPECT_THAT(fault("filter.minAge=5"), HasSubstr("filter.min_age must be a duration in seconds like \"30s\""));
  EXPECT_THAT(fault("filter.states=WAITING"),
              HasSubstr("filter.states must be one of TASK_STATE_UNSPECIFIED, TASK_STATE_WAITING"));
  EXPECT_THAT(fault("pageToken=%"), HasSubstr("pageToken must be percent-encoded UTF-8"));
  EXPECT_THAT(fault("pageToken=%ff"), HasSubstr("pageToken must be percent-encoded UTF-8"));
  EXPECT_THAT(fault("%zz=1"), HasSubstr("the request must have percent-encoded UTF-8"));
  EXPECT_THAT(fault("=1"), HasSubstr("is not a field of ListTasksRequest"));
  std::string many;
  for (int i = 0; i < 300; ++i) many += "filter.states=1&filter.states=TASK_STATE_WAITING&";
  EXPECT_THAT(fault(many), HasSubstr("filter.states must be one of"));
  for (size_t at; (at = many.find("filter.states=1&")) != std::string::npos;) many.erase(at, 16);
  EXPECT_THAT(fault(many), HasSubstr("at most 256 query parameters"));
}

TEST(Bind, RefusesAQueryBesideABodyThatIsTheRequest) {
  EXPECT_EQ(FaultOf<v1::FailRequest>("POST /v1/tokens/abc:fail?error=x"),
            "error: error must stand in the body, not in the query");
}

TEST(Bind, RefusesABodyWhereNoneIsTaken) {
  EXPECT_EQ(FaultOf<v1::GetTaskRequest>("GET /v1/tokens/abc", "{}"),
            ": the request must have no body: GET /v1/tokens/{task.token} takes none");
}

TEST(Bind, RefusesBadEncodingInThePath) {
  EXPECT_EQ(FaultOf<v1::GetTaskRequest>("GET /v1/tokens/a%f"),
            "task.token: task.token must be percent-encoded UTF-8 in the path");
  EXPECT_EQ(FaultOf<v1::GetTaskRequest>("GET /v1/tokens/%c3"),
            "task.token: task.token must be percent-encoded UTF-8 in the path");
}

TEST(BindIdempotencyKey, IsTheRequestIdWhereThereIsOne) {
  v1::IssueTaskRequest issue;
  EXPECT_TRUE(BindIdempotencyKey("k", issue).ok());
  EXPECT_EQ(issue.request_id(), "k");
  EXPECT_TRUE(BindIdempotencyKey("k", issue).ok());
  EXPECT_EQ(json::FieldOf(BindIdempotencyKey("other", issue)), "request_id");
  EXPECT_FALSE(BindIdempotencyKey("\xff", issue).ok());
  v1::HeartbeatRequest beat;
  EXPECT_TRUE(BindIdempotencyKey("k", beat).ok());
}

}  // namespace
}  // namespace tokenbroker::rest
