#include "cli/bulk/line.h"

#include <optional>
#include <string_view>

#include "base/status_macros.h"
#include "cli/json.h"
#include "cli/task_ref.h"

namespace tokenbroker::cli {
namespace {

using Members = std::map<std::string, std::string>;

// Walks valid JSON text, so it need only tell strings and brackets from the rest.
class Scanner {
 public:
  explicit Scanner(const std::string& text) : text_(text) {}

  void SkipSpace() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  char Peek() const { return text_[at_]; }
  void Skip() { ++at_; }

  std::string Value() {
    const size_t begin = at_;
    int depth = 0;
    while (at_ < text_.size() && !(depth == 0 && IsValueEnd(text_[at_]))) {
      if (text_[at_] == '"') {
        SkipString();
        continue;
      }
      depth += (text_[at_] == '{' || text_[at_] == '[') - (text_[at_] == '}' || text_[at_] == ']');
      ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }

 private:
  static bool IsValueEnd(char c) { return std::string_view(",:} \t\r\n").find(c) != std::string_view::npos; }

  void SkipString() {
    for (++at_; text_[at_] != '"'; ++at_) at_ += text_[at_] == '\\';
    ++at_;
  }

  const std::string& text_;
  size_t at_ = 0;
};

absl::Status BadMember(const std::string& name, const std::string& what) {
  return absl::InvalidArgumentError("\"" + name + "\" " + what);
}

absl::StatusOr<std::string> TakeText(Members& members, const std::string& name) {
  const auto node = members.extract(name);
  if (node.empty()) return std::string();
  const auto value = nlohmann::json::parse(node.mapped());
  if (!value.is_string()) return BadMember(name, "must be a string");
  return value.get<std::string>();
}

absl::StatusOr<v1::TaskRef> TakeRef(Members& members, const std::string& name_space) {
  if (members.count("token") + members.count("id") + members.count("key") != 1) {
    return absl::InvalidArgumentError("a line names its task by exactly one of \"token\", \"id\" and \"key\"");
  }
  TB_ASSIGN_OR_RETURN(const std::string token, TakeText(members, "token"));
  TB_ASSIGN_OR_RETURN(const std::string id, TakeText(members, "id"));
  TB_ASSIGN_OR_RETURN(const std::string key, TakeText(members, "key"));
  v1::TaskRef ref;
  if (!id.empty()) {
    ref.set_task_id(id);
    return ref;
  }
  if (key.empty()) return TokenRef(token);
  ref.mutable_key()->set_namespace_(name_space);
  ref.mutable_key()->set_key(key);
  return ref;
}

absl::Status TakeFailure(Members& members, v1::FailRequest& fail) {
  TB_ASSIGN_OR_RETURN(*fail.mutable_error(), TakeText(members, "error"));
  TB_ASSIGN_OR_RETURN(*fail.mutable_cause(), TakeText(members, "cause"));
  return absl::OkStatus();
}

}  // namespace

std::map<std::string, std::string> SplitMembers(const std::string& object) {
  Members members;
  Scanner scanner(object);
  scanner.SkipSpace();
  scanner.Skip();  // The opening brace.
  while (true) {
    scanner.SkipSpace();
    if (scanner.Peek() == '}') return members;
    if (scanner.Peek() == ',') {
      scanner.Skip();
      continue;
    }
    const std::string name = nlohmann::json::parse(scanner.Value()).get<std::string>();
    scanner.SkipSpace();
    scanner.Skip();  // The colon.
    scanner.SkipSpace();
    members[name] = scanner.Value();
  }
}

absl::StatusOr<v1::Settlement> ParseBulkLine(const std::string& line, const std::string& name_space) {
  const size_t first = line.find_first_not_of(" \t\r");
  if (first == std::string::npos || line[first] != '{' || !IsJson(line)) {
    return absl::InvalidArgumentError("the line is not a JSON object");
  }
  Members members = SplitMembers(line);
  TB_ASSIGN_OR_RETURN(const v1::TaskRef task, TakeRef(members, name_space));
  TB_ASSIGN_OR_RETURN(const std::string request_id, TakeText(members, "request_id"));
  const bool fails = members.count("error") + members.count("cause") > 0;
  if (members.count("output") == fails) {
    return absl::InvalidArgumentError("a line has either \"output\" or \"error\" (with or without \"cause\")");
  }
  v1::Settlement settlement;
  if (fails) {
    *settlement.mutable_fail()->mutable_task() = task;
    settlement.mutable_fail()->set_request_id(request_id);
    TB_RETURN_IF_ERROR(TakeFailure(members, *settlement.mutable_fail()));
  } else {
    *settlement.mutable_succeed()->mutable_task() = task;
    settlement.mutable_succeed()->set_request_id(request_id);
    settlement.mutable_succeed()->set_output(members.extract("output").mapped());
  }
  if (!members.empty()) return BadMember(members.begin()->first, "is no member of a bulk line");
  return settlement;
}

}  // namespace tokenbroker::cli
