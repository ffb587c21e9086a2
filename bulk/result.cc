#include "bulk/result.h"

#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "json/json_writer.h"
#include "json/time_text.h"

namespace tokenbroker::bulk {
namespace {

std::string WithoutPrefix(const std::string& name, const char* prefix) {
  return std::string(absl::StripPrefix(name, prefix));
}

std::string ReasonName(v1::ErrorReason reason) {
  return reason == v1::ERROR_REASON_UNSPECIFIED ? "" : WithoutPrefix(v1::ErrorReason_Name(reason), "ERROR_REASON_");
}

// Members of one JSON object, in the order in which they are put.
class JsonObject {
 public:
  explicit JsonObject(std::string& out) : out_(out) { out_ += '{'; }
  ~JsonObject() { out_ += '}'; }

  void Name(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    json::WriteString(name, out_);
    out_ += ':';
  }
  // Nothing for an empty text.
  void Text(std::string_view name, std::string_view text) {
    if (text.empty()) return;
    Name(name);
    json::WriteString(text, out_);
  }

 private:
  std::string& out_;
};

void WriteRecorded(const v1::ResolvedDetail& resolved, std::string& out) {
  JsonObject object(out);
  const v1::Outcome& outcome = resolved.outcome();
  object.Text("state", WithoutPrefix(v1::TaskState_Name(resolved.state()), "TASK_STATE_"));
  object.Text("error", outcome.error());
  object.Text("cause", outcome.cause());
  if (outcome.has_resolved_at()) {
    std::string at;
    json::AppendTimestamp({outcome.resolved_at().seconds(), outcome.resolved_at().nanos()}, at);
    object.Text("resolved_at", at);
  }
  object.Text("resolved_by", outcome.resolved_by());
}

void WriteError(const v1::ItemError& error, std::string& out) {
  JsonObject object(out);
  object.Text("code", absl::StatusCodeToString(static_cast<absl::StatusCode>(error.code())));
  object.Text("reason", ReasonName(error.reason()));
  object.Text("message", error.message());
  object.Text("field", error.field());
  if (!error.has_resolved()) return;
  object.Name("recorded");
  WriteRecorded(error.resolved(), out);
}

std::string WriteJson(const Result& result) {
  std::string out;
  {
    JsonObject object(out);
    object.Name("line");
    absl::StrAppend(&out, result.line);
    object.Text("verdict", NameOf(result.judged.verdict()));
    object.Text("task_id", result.judged.task_id());
    if (result.resumed) {
      object.Name("resumed");
      out += "true";
    }
    if (result.judged.has_error()) {
      object.Name("error");
      WriteError(result.judged.error(), out);
    }
  }
  return out;
}

// In quotes, so that commas do no harm; on one line, so that results can be counted by lines.
std::string CsvText(const std::string& text) {
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}, {"\n", " "}, {"\r", " "}}), "\"");
}

std::string WriteCsv(const Result& result) {
  const v1::ItemError& error = result.judged.error();
  const std::string message =
      error.field().empty() ? error.message() : absl::StrCat(error.field(), ": ", error.message());
  return absl::StrCat(result.line, ",", NameOf(result.judged.verdict()), ",", result.judged.task_id(), ",",
                      ReasonName(error.reason()), ",", message.empty() ? "" : CsvText(message), ",",
                      result.resumed ? "true" : "");
}

}  // namespace

v1::SettlementResult Unreadable(const absl::Status& why) {
  v1::SettlementResult judged;
  judged.set_verdict(v1::VERDICT_REFUSED);
  judged.mutable_error()->set_code(static_cast<int>(absl::StatusCode::kInvalidArgument));
  judged.mutable_error()->set_reason(v1::ERROR_REASON_INVALID_FIELD);
  judged.mutable_error()->set_message(std::string(why.message()));
  return judged;
}

std::string NameOf(v1::Verdict verdict) { return WithoutPrefix(v1::Verdict_Name(verdict), "VERDICT_"); }

std::string ResultsHeader(Format format) {
  return format == Format::kCsv ? "line,verdict,task_id,reason,message,resumed" : "";
}

std::string WriteResult(const Result& result, Format format) {
  return format == Format::kCsv ? WriteCsv(result) : WriteJson(result);
}

}  // namespace tokenbroker::bulk
