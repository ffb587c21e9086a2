#include "server/pages/answers.h"

#include "absl/strings/str_cat.h"
#include "json/json_writer.h"
#include "server/calls/convert.h"
#include "server/pages/page.h"
#include "server/pages/style.h"
#include "server/rest/error_body.h"

namespace tokenbroker::pages {
namespace {

Answer Plain(int status, std::string_view content_type, std::string body) {
  Answer answer{status, content_type, {}, std::move(body)};
  answer.headers = {{"Cache-Control", "no-store"},
                    {"Referrer-Policy", "no-referrer"},
                    {"X-Content-Type-Options", "nosniff"},
                    {"X-Robots-Tag", "noindex, nofollow"}};
  return answer;
}

calls::pb::Task VisibleTask(const Sight& sight) {
  calls::pb::Task task;
  calls::FillTask(sight.record, calls::pb::TASK_VIEW_FULL, &task);
  if (!sight.shows_input) task.clear_input();
  if (!sight.shows_output) {
    task.mutable_outcome()->clear_output();
    if (!sight.record.outcome.has_value()) task.clear_outcome();
    task.clear_namespace_();
    task.clear_correlation_key();
    task.clear_target();
    task.clear_progress();
    task.clear_trace();
    task.clear_issued_by();
  }
  for (auto label = task.mutable_labels()->begin(); label != task.mutable_labels()->end();) {
    const bool ours = label->first.rfind(kPageLabels, 0) == 0;
    label = ours ? task.mutable_labels()->erase(label) : std::next(label);
  }
  return task;
}

void AppendTexts(const std::vector<std::string_view>& texts, std::string& out) {
  out.push_back('[');
  for (size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) out.push_back(',');
    json::WriteString(texts[i], out);
  }
  out.push_back(']');
}

std::string_view TitleOf(broker::Reason reason) {
  switch (reason) {
    case broker::Reason::kTaskUnknown:
      return "There is nothing here";
    case broker::Reason::kPermissionDenied:
      return "Not with this link";
    case broker::Reason::kOverloaded:
    case broker::Reason::kDraining:
      return "Please try again in a moment";
    case broker::Reason::kInvalidField:
      return "That could not be read";
    default:
      return "That did not work";
  }
}

std::string ExplanationOf(const broker::Refusal& refusal) {
  if (refusal.reason != broker::Reason::kTaskUnknown) return refusal.message;
  return "This link leads to no task: it is not complete, or what it was about is no longer kept.";
}

}  // namespace

Answer PageAnswer(int status, std::string html) {
  Answer answer = Plain(status, "text/html; charset=utf-8", std::move(html));
  answer.headers.insert(answer.headers.end(), {{"Content-Security-Policy", SecurityPolicy()},
                                               {"X-Frame-Options", "DENY"},
                                               {"Cross-Origin-Opener-Policy", "same-origin"},
                                               {"Cross-Origin-Resource-Policy", "same-origin"},
                                               {"Vary", "Accept"}});
  return answer;
}

Answer JsonAnswer(int status, std::string json) {
  Answer answer = Plain(status, "application/json", std::move(json));
  answer.headers.push_back({"Vary", "Accept"});
  return answer;
}

Answer SeeOther(std::string path) {
  Answer answer = Plain(303, "", "");
  answer.headers.push_back({"Location", std::move(path)});
  return answer;
}

int PageStatusOf(broker::Reason reason) {
  switch (reason) {
    case broker::Reason::kTaskAlreadyResolved:
      return 409;
    case broker::Reason::kTaskExpired:
    case broker::Reason::kTaskCancelled:
    case broker::Reason::kTaskSuperseded:
      return 410;
    case broker::Reason::kContractViolation:
      return 422;
    default:
      return rest::HttpStatusOf(static_cast<int>(broker::InfoOf(reason).code));
  }
}

Answer JsonRefusal(const calls::Refused& refused, int http_status) {
  const google::rpc::Status status = calls::ToStatus(refused);
  std::string body;
  rest::WriteError(status, body, http_status);
  Answer answer = JsonAnswer(http_status != 0 ? http_status : rest::HttpStatusOf(status.code()), std::move(body));
  if (const int64_t seconds = rest::RetryAfterOf(status); seconds > 0) {
    answer.headers.push_back({"Retry-After", absl::StrCat(seconds)});
  }
  return answer;
}

Answer PageRefusal(const broker::Refusal& refusal) {
  Answer answer =
      PageAnswer(PageStatusOf(refusal.reason), MessagePage(TitleOf(refusal.reason), ExplanationOf(refusal)));
  if (refusal.retry_after > 0)
    answer.headers.push_back({"Retry-After", absl::StrCat((refusal.retry_after + 999) / 1000)});
  return answer;
}

std::string SightJson(const Sight& sight) {
  std::vector<std::string_view> allowed;
  if (sight.may_succeed) allowed.push_back(NameOf(Action::kSucceed));
  if (sight.may_fail) allowed.push_back(NameOf(Action::kFail));
  if (sight.may_beat) allowed.push_back(NameOf(Action::kHeartbeat));
  std::string out = R"({"task":)";
  json::WriteJson(VisibleTask(sight), out);
  out += R"(,"allowed":)";
  AppendTexts(allowed, out);
  if (sight.may_fail && !sight.errors.empty()) {
    out += R"(,"errors":)";
    AppendTexts(sight.errors, out);
  }
  out.push_back('}');
  return out;
}

}  // namespace tokenbroker::pages
