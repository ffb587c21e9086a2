#include "server/intake/task_mapping.h"

#include <openssl/sha.h>

#include <array>
#include <cmath>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/duration_text.h"
#include "base/json.h"
#include "base/status_macros.h"
#include "json/cursor.h"
#include "json/select.h"
#include "server/intake/redact.h"

namespace tokenbroker::intake {
namespace {

// Seconds that a google.protobuf.Duration holds for certain.
constexpr double kMaxSeconds = 3e11;
constexpr uint32_t kMaxAttempt = 65'535;

absl::string_view Text(std::string_view text) { return {text.data(), text.size()}; }

json::Kind KindOf(std::string_view value) { return json::Cursor(value).Next(); }

std::string StringOf(std::string_view value) { return json::Unescape(json::Cursor(value).TakeString()); }

std::string RequestIdOf(std::string_view token) {
  std::array<uint8_t, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const uint8_t*>(token.data()), token.size(), digest.data());
  return absl::StrCat("intake:", absl::BytesToHexString({reinterpret_cast<const char*>(digest.data()), digest.size()}));
}

void SetMillis(DurationMs time, google::protobuf::Duration* out) {
  out->set_seconds(time / 1'000);
  out->set_nanos(static_cast<int32_t>(time % 1'000) * 1'000'000);
}

}  // namespace

// One message on its way; the first thing that does not suit is the answer.
class TaskMapping::Filling {
 public:
  Filling(const TaskMapping& mapping, std::string_view message, pb::IssueTaskRequest& out)
      : mapping_(mapping), message_(message), out_(out) {}

  broker::Refusal Run(std::optional<std::string_view> token) {
    if (const absl::Status form = CheckJson(message_); !form.ok()) {
      return broker::InvalidField("message", absl::StrCat("must be JSON: ", form.message()));
    }
    out_.set_namespace_(mapping_.name_space_);
    out_.set_target(mapping_.target_);
    token.has_value() ? SetToken(std::string(*token)) : TakeToken();
    out_.set_correlation_key(TextOf(mapping_.key_));
    TakeAttempt();
    TakeInput();
    out_.set_summary(TextOf(mapping_.summary_));
    TakeTimeout(mapping_.timeout_, [this] { return out_.mutable_timeout(); });
    TakeTimeout(mapping_.heartbeat_timeout_, [this] { return out_.mutable_heartbeat_timeout(); });
    for (const auto& [name, part] : mapping_.labels_) {
      // A label that is optional and not there is left out.
      if (std::string value = TextOf(part); !value.empty()) (*out_.mutable_labels())[name] = std::move(value);
    }
    CheckSecrecy();
    return std::move(refusal_);
  }

 private:
  void Refuse(const Part& part, const std::string& rule) {
    if (!refusal_) refusal_ = broker::InvalidField(part.name, absl::StrCat("(", part.text, ") ", rule));
  }

  // Nothing if there is no path, or no value; it is refused if there should be one.
  std::optional<std::string_view> ValueOf(const Part& part) {
    if (!part.path.has_value()) return std::nullopt;
    const std::optional<std::string_view> value = json::Select(message_, *part.path);
    if (value.has_value() && KindOf(*value) != json::Kind::kNull) return value;
    if (!part.path->optional) Refuse(part, value.has_value() ? "must not be null" : "is not in the message");
    return std::nullopt;
  }

  std::string TextOf(const Part& part) {
    if (!part.path.has_value()) return part.text;
    const std::optional<std::string_view> value = ValueOf(part);
    if (!value.has_value()) return "";
    switch (KindOf(*value)) {
      case json::Kind::kString:
        return StringOf(*value);
      case json::Kind::kObject:
      case json::Kind::kArray:
        Refuse(part, absl::StrCat("must be a text or a number, not ", Text(json::NameOf(KindOf(*value)))));
        return "";
      default:
        return std::string(*value);
    }
  }

  void TakeToken() {
    const Part& part = mapping_.token_;
    const std::optional<std::string_view> value = ValueOf(part);
    if (!value.has_value()) return Refuse(part, "is not in the message");
    if (KindOf(*value) != json::Kind::kString) {
      return Refuse(part, absl::StrCat("must be a string, not ", Text(json::NameOf(KindOf(*value)))));
    }
    raw_token_ = json::Cursor(*value).TakeString();
    SetToken(json::Unescape(raw_token_));
    if (out_.upstream_token().empty()) Refuse(part, "must not be empty");
  }

  void SetToken(std::string token) {
    out_.set_request_id(RequestIdOf(token));
    out_.set_upstream_token(std::move(token));
  }

  // These are shown to everybody who may read tasks.
  void CheckSecrecy() {
    const std::string& token = out_.upstream_token();
    const auto check = [&](const Part& part, std::string_view value) {
      if (!token.empty() && value.find(token) != std::string_view::npos) Refuse(part, "must not hold the task token");
    };
    check(mapping_.key_, out_.correlation_key());
    check(mapping_.summary_, out_.summary());
    for (const auto& [name, value] : out_.labels()) check(mapping_.labels_.at(name), value);
  }

  void TakeInput() {
    const std::optional<std::string_view> value = ValueOf(mapping_.input_);
    if (!value.has_value()) return;
    out_.set_input(raw_token_.empty() ? std::string(*value) : WithoutToken(*value, raw_token_));
  }

  void TakeAttempt() {
    const Part& part = mapping_.attempt_;
    const std::optional<std::string_view> value = ValueOf(part);
    if (!value.has_value()) return;
    uint32_t attempt = 0;
    if (!absl::SimpleAtoi(Text(*value), &attempt) || attempt > kMaxAttempt) {
      return Refuse(part, absl::StrCat("must be a whole number, 0 to ", kMaxAttempt));
    }
    out_.set_attempt(attempt);
  }

  template <typename Field>
  void TakeTimeout(const Part& part, Field field) {
    if (part.text.empty()) return;
    std::optional<std::string_view> value = part.text;
    if (part.path.has_value()) value = ValueOf(part);
    if (!value.has_value()) return;
    const absl::StatusOr<DurationMs> time = TimeOf(part, *value);
    time.ok() ? SetMillis(*time, field()) : Refuse(part, "must be a number of seconds, or a duration such as \"10m\"");
  }

  static absl::StatusOr<DurationMs> TimeOf(const Part& part, std::string_view value) {
    if (!part.path.has_value()) return ParseDuration(value);
    if (KindOf(value) == json::Kind::kString) return ParseDuration(StringOf(value));
    double seconds = 0;
    if (KindOf(value) == json::Kind::kNumber && absl::SimpleAtod(Text(value), &seconds) && seconds >= 0 &&
        seconds <= kMaxSeconds) {
      return static_cast<DurationMs>(std::ceil(seconds * 1'000));
    }
    return absl::InvalidArgumentError("no time");
  }

  const TaskMapping& mapping_;
  const std::string_view message_;
  pb::IssueTaskRequest& out_;
  // As the message writes it; empty if it came beside the message.
  std::string_view raw_token_;
  broker::Refusal refusal_;
};

absl::StatusOr<TaskMapping::Part> TaskMapping::MakePart(std::string name, const std::string& text) {
  Part part{std::move(name), text};
  if (!JsonPath::Looks(text)) return part;
  absl::StatusOr<JsonPath> path = JsonPath::Parse(text);
  if (!path.ok()) return absl::InvalidArgumentError(absl::StrCat(part.name, " ", path.status().message()));
  part.path = *std::move(path);
  return part;
}

absl::StatusOr<TaskMapping> TaskMapping::Make(const IntakeTask& config, std::string_view default_input) {
  TaskMapping mapping;
  mapping.name_space_ = config.name_space;
  mapping.target_ = config.target;
  TB_ASSIGN_OR_RETURN(mapping.token_, MakePart("token", config.token));
  TB_ASSIGN_OR_RETURN(mapping.key_, MakePart("key", config.key));
  TB_ASSIGN_OR_RETURN(mapping.attempt_, MakePart("attempt", config.attempt));
  TB_ASSIGN_OR_RETURN(mapping.input_,
                      MakePart("input", config.input.empty() ? std::string(default_input) : config.input));
  TB_ASSIGN_OR_RETURN(mapping.summary_, MakePart("summary", config.summary));
  TB_ASSIGN_OR_RETURN(mapping.timeout_, MakePart("timeout", config.timeout));
  TB_ASSIGN_OR_RETURN(mapping.heartbeat_timeout_, MakePart("heartbeat_timeout", config.heartbeat_timeout));
  for (const auto& [name, text] : config.labels) {
    TB_ASSIGN_OR_RETURN(mapping.labels_[name], MakePart(absl::StrCat("labels[", name, "]"), text));
  }
  return mapping;
}

broker::Refusal TaskMapping::Fill(std::string_view message, std::optional<std::string_view> token,
                                  pb::IssueTaskRequest& out) const {
  return Filling(*this, message, out).Run(token);
}

}  // namespace tokenbroker::intake
