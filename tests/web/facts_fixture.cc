#include "tests/web/facts_fixture.h"

#include <utility>

#include "server/telemetry/log.h"

namespace tokenbroker::web {
namespace {

const char* VerbName(const Saying& saying) {
  if (saying.verb == Verb::kSucceed) return "succeed";
  return saying.verb == Verb::kFail ? "fail" : "heartbeat";
}

Json BodyOf(const Saying& saying) {
  if (saying.verb == Verb::kSucceed) return {{"output", saying.output}};
  if (saying.verb == Verb::kFail) return {{"error", saying.error}, {"cause", saying.cause}};
  return Json::object();
}

Json BodyOf(const Json& task, const Saying& saying) {
  Json body = BodyOf(saying);
  body["task"] = task;
  return body;
}

// Of an item of a batch; refusals have their reason in the error.
std::string VerdictOf(const Json& result) {
  if (result.contains("beat")) return "BEATEN";
  if (!result.contains("error")) return result.value("verdict", "VERDICT_?").substr(8);
  return result["error"].value("reason", "ERROR_REASON_?").substr(13);
}

std::string VerdictOf(const Answer& answer, const Saying& saying) {
  if (answer.status != 200) return answer.Reason();
  return saying.verb == Verb::kHeartbeat ? "BEATEN" : answer.body.value("verdict", "VERDICT_?").substr(8);
}

}  // namespace

void FactsFixture::SetUp() {
  LogOptions options;
  options.level = Level::kDebug;
  options.sink = [this](std::string_view line) {
    Json json = Json::parse(line, nullptr, false);
    if (json.value("event", "") != "task_judged") return;
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(json));
  };
  ConfigureLog(std::move(options));
  WebFixture::SetUp();
}

void FactsFixture::TearDown() {
  WebFixture::TearDown();
  ConfigureLog({});
}

std::vector<Json> FactsFixture::TakeLines() {
  const std::lock_guard lock(mutex_);
  return std::exchange(lines_, {});
}

Subject FactsFixture::Make(const std::function<void(pb::IssueTaskRequest&)>& more) {
  pb::IssueTaskRequest request;
  request.set_namespace_("demo");
  request.set_correlation_key("order-" + std::to_string(++made_));
  if (more) more(request);
  const auto issued = Issue(request);
  return {issued.token(), issued.task_id(), request.correlation_key()};
}

std::vector<FactsFixture::DoorColumn> FactsFixture::Doors() {
  using S = const Subject&;
  using What = const Saying&;
  const auto token = [](S subject) { return Json{{"token", subject.token}}; };
  return {
      {"grpc by token", "grpc", Address::kToken,
       [=, this](S s, What what) { return TellGrpc(ByToken(s.token), what); }},
      {"grpc by id", "grpc", Address::kId, [=, this](S s, What what) { return TellGrpc(ById(s.id), what); }},
      {"grpc by key", "grpc", Address::kKey,
       [=, this](S s, What what) { return TellGrpc(ByKey("demo", s.key), what); }},
      {"rest by token", "rest", Address::kToken,
       [=, this](S s, What what) { return TellRest("/v1/tokens/" + s.token, {}, what); }},
      {"rest by id", "rest", Address::kId,
       [=, this](S s, What what) { return TellRest("/v1/tasks/" + s.id, {}, what); }},
      {"rest by key", "rest", Address::kKey,
       [=, this](S s, What what) { return TellRest("/v1/namespaces/demo/keys/" + s.key, {}, what); }},
      {"rest by body", "rest", Address::kToken,
       [=, this](S s, What what) { return TellRest("/v1/tasks", token(s), what); }},
      {"rest batch", "rest", Address::kToken, [=, this](S s, What what) { return TellBatch(token(s), what); }},
      {"rest lines", "rest", Address::kToken, [=, this](S s, What what) { return TellLines(token(s), what); }},
      {"aws", "aws", Address::kToken, [=, this](S s, What what) { return TellAws(s.token, what); }},
      {"callback url", "callback", Address::kToken, [=, this](S s, What what) { return TellCallback(s.token, what); }},
  };
}

FactsFixture::Told FactsFixture::TellGrpc(const pb::TaskRef& task, const Saying& saying) {
  const auto verdict = [](const grpc::Status& status, pb::Verdict verdict) -> Told {
    return {status.ok() ? pb::Verdict_Name(verdict).substr(8) : ReasonOf(status)};
  };
  if (saying.verb == Verb::kSucceed) {
    pb::SucceedResponse response;
    const grpc::Status status = Succeed(task, saying.output, &response);
    return verdict(status, response.verdict());
  }
  if (saying.verb == Verb::kFail) {
    pb::FailRequest request;
    *request.mutable_task() = task;
    request.set_error(saying.error);
    request.set_cause(saying.cause);
    pb::FailResponse response;
    const grpc::Status status = Call(*resolver_, &pb::ResolverService::Stub::Fail, request, &response);
    return verdict(status, response.verdict());
  }
  pb::HeartbeatRequest request;
  *request.mutable_task() = task;
  pb::HeartbeatResponse response;
  const grpc::Status status = Call(*resolver_, &pb::ResolverService::Stub::Heartbeat, request, &response);
  return {status.ok() ? "BEATEN" : ReasonOf(status)};
}

FactsFixture::Told FactsFixture::TellRest(const std::string& path, const Json& task, const Saying& saying) {
  const Json body = task.is_null() ? BodyOf(saying) : BodyOf(task, saying);
  return {VerdictOf(Post(path + ":" + VerbName(saying), body), saying)};
}

FactsFixture::Told FactsFixture::TellBatch(const Json& task, const Saying& saying) {
  const bool beat = saying.verb == Verb::kHeartbeat;
  const Json item = beat ? BodyOf(task, saying) : Json{{VerbName(saying), BodyOf(task, saying)}};
  const Answer answer = Post(beat ? "/v1/heartbeats:batch" : "/v1/settlements:batch", {{"items", {item}}});
  return {answer.status == 200 ? VerdictOf(answer.body["items"][0]) : answer.Reason()};
}

FactsFixture::Told FactsFixture::TellLines(const Json& task, const Saying& saying) {
  if (saying.verb == Verb::kHeartbeat) return {};
  const Json line = {{"items", {{{VerbName(saying), BodyOf(task, saying)}}}}};
  const Answer answer = PostText("/v1/settlements:stream", line.dump(), {{"Content-Type", "application/x-ndjson"}});
  return {VerdictOf(answer.body["items"][0])};
}

// As an SDK does, but unsigned: everybody may.
FactsFixture::Told FactsFixture::TellAws(const std::string& token, const Saying& saying) {
  const char* const operation = saying.verb == Verb::kSucceed ? "SendTaskSuccess"
                                : saying.verb == Verb::kFail  ? "SendTaskFailure"
                                                              : "SendTaskHeartbeat";
  Json body = BodyOf(saying);
  body["taskToken"] = token;
  const Answer answer = Post(
      "/", body,
      {{"Content-Type", "application/x-amz-json-1.0"}, {"X-Amz-Target", std::string("AWSStepFunctions.") + operation}});
  if (answer.status != 200) return {answer.raw.Field("x-tokenbroker-reason"), answer.raw.Field("x-amzn-ErrorType")};
  if (saying.verb == Verb::kHeartbeat) return {"BEATEN"};
  return {answer.raw.Field("x-tokenbroker-verdict")};
}

FactsFixture::Told FactsFixture::TellCallback(const std::string& token, const Saying& saying) {
  // Without a body it says "{}".
  if (saying.verb == Verb::kSucceed && saying.output.empty()) return {};
  const std::string body = saying.verb == Verb::kSucceed ? saying.output
                           : saying.verb == Verb::kFail  ? BodyOf(saying).dump()
                                                         : "";
  return {VerdictOf(PostText("/c/" + token + "/" + VerbName(saying), body), saying)};
}

}  // namespace tokenbroker::web
