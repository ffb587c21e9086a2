#include "cli/task_ref.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/contract_limits.h"
#include "base/status_macros.h"
#include "base/text.h"
#include "cli/file.h"

namespace tokenbroker::cli {
namespace {

constexpr size_t kIdDigits = 18;

bool IsHexDigit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

absl::StatusOr<v1::TaskRef> KeyRef(const std::string& name_space, const std::string& key) {
  v1::TaskRef ref;
  ref.mutable_key()->set_namespace_(name_space);
  ref.mutable_key()->set_key(key);
  return ref;
}

absl::StatusOr<v1::TaskRef> IdRef(const std::string& id) {
  if (!IsTaskId(id)) return absl::InvalidArgumentError("TOKENBROKER_TASK_ID must be 18 hexadecimal digits");
  v1::TaskRef ref;
  ref.set_task_id(id);
  return ref;
}

absl::StatusOr<v1::TaskRef> PositionalRef(const std::string& text, int in) {
  if (text == "-") {
    TB_ASSIGN_OR_RETURN(const std::string line, ReadLine(in));
    return TokenRef(Trim(line));
  }
  return IsTaskId(text) ? IdRef(text) : TokenRef(text);
}

}  // namespace

bool IsTaskId(const std::string& text) {
  return text.size() == kIdDigits && std::all_of(text.begin(), text.end(), IsHexDigit);
}

absl::StatusOr<v1::TaskRef> TokenRef(const std::string& token) {
  if (token.empty()) return absl::InvalidArgumentError("the token is empty");
  if (token.size() > kMaxToken) {
    return absl::InvalidArgumentError(absl::StrCat("the token is longer than ", kMaxToken, " bytes"));
  }
  // An upstream token may have whatever is text beyond ASCII.
  const auto visible = [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; };
  if (!IsValidUtf8(token) || !std::all_of(token.begin(), token.end(), visible)) {
    return absl::InvalidArgumentError("the token holds white space or control characters, or is not UTF-8");
  }
  v1::TaskRef ref;
  ref.set_token(token);
  return ref;
}

absl::StatusOr<v1::TaskRef> ResolveRef(const RefFlags& flags, const std::string& name_space,
                                       const Environment& environment, int in) {
  if (flags.Count() > 1) return absl::InvalidArgumentError("name the task once: by REF, by --token-file or by --key");
  if (!flags.positional.empty()) return PositionalRef(flags.positional, in);
  if (!flags.key.empty()) return KeyRef(name_space, flags.key);
  if (!flags.token_file.empty()) {
    TB_ASSIGN_OR_RETURN(const std::string token, ReadSecretFile(flags.token_file));
    return TokenRef(token);
  }
  if (const auto token = environment("TOKENBROKER_TOKEN")) return TokenRef(Trim(*token));
  if (const auto id = environment("TOKENBROKER_TASK_ID")) return IdRef(Trim(*id));
  return absl::InvalidArgumentError(
      "no task is named: give a token or task id, \"-\" to read a token from standard input, --token-file, --key, or "
      "TOKENBROKER_TOKEN or TOKENBROKER_TASK_ID");
}

}  // namespace tokenbroker::cli
