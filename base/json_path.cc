#include "base/json_path.h"

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/text.h"

namespace tokenbroker {
namespace {

constexpr size_t kMaxIndex = 1'000'000;

bool IsPlain(char c) { return absl::ascii_isalnum(c) || c == '_' || c == '-'; }

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  absl::StatusOr<JsonPath> Run() {
    if (text_.size() > kMaxJsonPathBytes) return Fail(absl::StrCat("at most ", kMaxJsonPathBytes, " bytes"));
    if (!Take('$')) return Fail("'$' at its beginning");
    while (!AtEnd()) {
      if (Peek() == '?' && at_ + 1 == text_.size()) {
        path_.optional = true;
        break;
      }
      TB_RETURN_IF_ERROR(TakeStep());
      if (path_.steps.size() > kMaxJsonPathSteps) return Fail(absl::StrCat("at most ", kMaxJsonPathSteps, " steps"));
    }
    return std::move(path_);
  }

 private:
  absl::Status TakeStep() {
    if (Take('.')) return TakePlainName();
    if (!Take('[')) return Fail("'.' or '['");
    if (!AtEnd() && (Peek() == '\'' || Peek() == '"')) {
      TB_RETURN_IF_ERROR(TakeQuotedName());
    } else {
      TB_RETURN_IF_ERROR(TakeIndex());
    }
    return Take(']') ? absl::OkStatus() : Fail("']'");
  }

  absl::Status TakePlainName() {
    const size_t begin = at_;
    while (!AtEnd() && IsPlain(Peek())) ++at_;
    if (at_ == begin) return Fail("a name of [A-Za-z0-9_-]; others stand in brackets and quotes, ['a.b']");
    path_.steps.emplace_back(std::string(text_.substr(begin, at_ - begin)));
    return absl::OkStatus();
  }

  absl::Status TakeQuotedName() {
    const char quote = text_[at_++];
    std::string name;
    while (!AtEnd() && Peek() != quote) {
      if (Take('\\') && (AtEnd() || (Peek() != '\\' && Peek() != '\'' && Peek() != '"'))) {
        return Fail("a quote or a backslash behind '\\'");
      }
      name += text_[at_++];
    }
    if (!Take(quote)) return Fail("a quote at the name's end");
    if (!IsValidUtf8(name)) return Fail("a name in UTF-8");
    path_.steps.emplace_back(std::move(name));
    return absl::OkStatus();
  }

  absl::Status TakeIndex() {
    const size_t begin = at_;
    size_t index = 0;
    while (!AtEnd() && absl::ascii_isdigit(Peek()) && index < kMaxIndex) index = index * 10 + (text_[at_++] - '0');
    if (at_ == begin || index >= kMaxIndex) return Fail(absl::StrCat("a name in quotes, or 0 to ", kMaxIndex - 1));
    path_.steps.emplace_back(index);
    return absl::OkStatus();
  }

  bool AtEnd() const { return at_ == text_.size(); }
  char Peek() const { return text_[at_]; }
  bool Take(char c) {
    if (AtEnd() || Peek() != c) return false;
    ++at_;
    return true;
  }
  absl::Status Fail(std::string_view expected) const {
    return absl::InvalidArgumentError(absl::StrCat("must be a JSON path such as $.detail.orderId: expected ",
                                                   absl::string_view(expected.data(), expected.size()),
                                                   " at character ", at_ + 1));
  }

  const std::string_view text_;
  size_t at_ = 0;
  JsonPath path_;
};

}  // namespace

absl::StatusOr<JsonPath> JsonPath::Parse(std::string_view text) { return Parser(text).Run(); }

}  // namespace tokenbroker
