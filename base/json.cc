// Why not simdjson's parser: it refuses well-formed numbers beyond its own types (1e400, 30 digits), names no place in
// its errors, and writes a tape of several times the text that nobody reads. This scanner only checks.
#include "base/json.h"

#include <bit>
#include <bitset>
#include <cstdint>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/text.h"

namespace tokenbroker {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

static_assert(std::endian::native == std::endian::little);

// How many of the eight bytes come before the first '"', '\\' or control character, where a string's plain run ends.
int PlainBytes(uint64_t bytes) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kHighs = 0x8080808080808080;
  // (x - n * kOnes) & ~x has the high bit of each byte that is less than n, for certain up to the first such byte.
  const uint64_t quote = bytes ^ (kOnes * '"');
  const uint64_t backslash = bytes ^ (kOnes * '\\');
  const uint64_t ends =
      ((quote - kOnes) & ~quote) | ((backslash - kOnes) & ~backslash) | ((bytes - kOnes * 0x20) & ~bytes);
  return std::countr_zero(ends & kHighs) / 8;
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : begin_(text.data()), at_(begin_), end_(begin_ + text.size()) {}

  // What is wrong at offset(); nullptr if nothing is.
  const char* Check() {
    SkipSpace();
    if (at_ == end_) return "expected a value, found the end of the text";
    if (!Values()) return error_;
    SkipSpace();
    if (at_ != end_) return "expected the end of the text after the value";
    return nullptr;
  }
  size_t offset() const { return at_ - begin_; }

 private:
  bool Fail(const char* what) {
    error_ = what;
    return false;
  }
  bool AtEnd() const { return at_ == end_; }
  bool Peek(char c) const { return at_ != end_ && *at_ == c; }
  bool Take(char c) {
    if (!Peek(c)) return false;
    ++at_;
    return true;
  }
  void SkipSpace() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }

  // One value, without recursion: `is_object_` remembers what each open level is.
  bool Values() {
    for (;;) {
      bool opened = false;
      if (!BeginValue(&opened)) return false;
      if (opened) continue;
      if (!CloseLevels()) return false;
      if (depth_ == 0) return true;
    }
  }

  // Reads a scalar or an empty container, or opens a level up to its first value; then `opened` is true.
  bool BeginValue(bool* opened) {
    SkipSpace();
    if (AtEnd()) return Fail("expected a value, found the end of the text");
    switch (*at_) {
      case '{':
        return OpenLevel(true, '}', opened);
      case '[':
        return OpenLevel(false, ']', opened);
      case '"':
        return String();
      case 't':
        return Literal("true");
      case 'f':
        return Literal("false");
      case 'n':
        return Literal("null");
      default:
        return Number();
    }
  }

  bool OpenLevel(bool is_object, char closing, bool* opened) {
    if (depth_ == kMaxJsonDepth) return Fail("nested deeper than 128 levels");
    ++at_;
    SkipSpace();
    if (Take(closing)) return true;
    is_object_[depth_++] = is_object;
    *opened = true;
    return !is_object || Name();
  }

  // After a value: closes the levels that end here and stands before the next value if one is announced.
  bool CloseLevels() {
    while (depth_ > 0) {
      const bool is_object = is_object_[depth_ - 1];
      SkipSpace();
      if (Take(',')) {
        SkipSpace();
        return !is_object || Name();
      }
      if (!Take(is_object ? '}' : ']')) return Fail(is_object ? "expected ',' or '}'" : "expected ',' or ']'");
      --depth_;
    }
    return true;
  }

  bool Name() {
    if (!Peek('"')) return Fail("expected a name in double quotes");
    if (!String()) return false;
    SkipSpace();
    return Take(':') || Fail("expected ':' after the name");
  }

  bool Literal(std::string_view word) {
    if (static_cast<size_t>(end_ - at_) < word.size() || std::memcmp(at_, word.data(), word.size()) != 0) {
      return Fail("expected a value");
    }
    at_ += word.size();
    return true;
  }

  bool Digits() {
    if (AtEnd() || !IsDigit(*at_)) return Fail("expected a digit");
    while (!AtEnd() && IsDigit(*at_)) ++at_;
    return true;
  }

  bool Number() {
    if (!IsDigit(*at_) && *at_ != '-') return Fail("expected a value");
    Take('-');
    if (Take('0')) {
      if (!AtEnd() && IsDigit(*at_)) return Fail("a number may not start with 0");
    } else if (!Digits()) {
      return false;
    }
    if (Take('.') && !Digits()) return false;
    if (Take('e') || Take('E')) {
      if (!Take('+')) Take('-');
      return Digits();
    }
    return true;
  }

  bool String() {
    ++at_;
    for (;;) {
      SkipPlainBytes();
      if (AtEnd()) return Fail("a string is not closed");
      const unsigned char c = *at_;
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c < 0x20) return Fail("a control character in a string must be escaped");
      if (!Escape()) return false;
    }
  }

  void SkipPlainBytes() {
    while (end_ - at_ >= 8) {
      uint64_t bytes;
      std::memcpy(&bytes, at_, sizeof(bytes));
      const int plain = PlainBytes(bytes);
      at_ += plain;
      if (plain < 8) return;
    }
    while (!AtEnd() && *at_ != '"' && *at_ != '\\' && static_cast<unsigned char>(*at_) >= 0x20) ++at_;
  }

  bool Escape() {
    if (end_ - at_ < 2) return Fail("a string is not closed");
    if (at_[1] == 'u') return UnicodeEscape();
    if (at_[1] == '\0' || std::strchr("\"\\/bfnrt", at_[1]) == nullptr) return Fail("unknown escape sequence");
    at_ += 2;
    return true;
  }

  bool UnicodeEscape() {
    const int unit = CodeUnit(at_);
    if (unit < 0) return Fail("expected four hexadecimal digits after \\u");
    if (unit >= 0xDC00 && unit <= 0xDFFF) return Fail("an escaped low surrogate without its high one");
    if (unit >= 0xD800 && unit <= 0xDBFF) {
      const int low = CodeUnit(at_ + 6);
      if (low < 0xDC00 || low > 0xDFFF) return Fail("an escaped high surrogate without its low one");
      at_ += 6;
    }
    at_ += 6;
    return true;
  }

  // The number in "\uXXXX" at `from`, or -1.
  int CodeUnit(const char* from) const {
    if (end_ - from < 6 || from[0] != '\\' || from[1] != 'u') return -1;
    int unit = 0;
    for (int i = 2; i < 6; ++i) {
      const char c = from[i];
      const char lower = static_cast<char>(c | 0x20);
      if (IsDigit(c)) {
        unit = unit * 16 + (c - '0');
      } else if (lower >= 'a' && lower <= 'f') {
        unit = unit * 16 + (lower - 'a' + 10);
      } else {
        return -1;
      }
    }
    return unit;
  }

  const char* const begin_;
  const char* at_;
  const char* const end_;
  const char* error_ = nullptr;
  int depth_ = 0;
  std::bitset<kMaxJsonDepth> is_object_;
};

absl::Status ErrorAt(std::string_view text, size_t offset, const char* what) {
  size_t line = 1;
  size_t line_start = 0;
  for (size_t i = 0; i < offset; ++i) {
    if (text[i] != '\n') continue;
    ++line;
    line_start = i + 1;
  }
  return absl::InvalidArgumentError(absl::StrCat("not JSON: ", what, " (line ", line, ", column ",
                                                 offset - line_start + 1, ", offset ", offset, ")"));
}

size_t FirstInvalidUtf8(std::string_view text) {
  // By halves, cut between characters, to near the place; then character by character.
  size_t good = 0;
  size_t bad = text.size();
  while (bad - good > 8) {
    const size_t middle = CutAtCharacter(text, good + (bad - good) / 2).size();
    (IsValidUtf8(text.substr(good, middle - good)) ? good : bad) = middle;
  }
  while (const size_t size = FirstCharacterSize(text.substr(good))) good += size;
  return good;
}

}  // namespace

absl::Status CheckJson(std::string_view text) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") return ErrorAt(text, 0, "a byte order mark is not allowed");
  if (!IsValidUtf8(text)) return ErrorAt(text, FirstInvalidUtf8(text), "invalid UTF-8");
  Scanner scanner(text);
  const char* const error = scanner.Check();
  return error == nullptr ? absl::OkStatus() : ErrorAt(text, scanner.offset(), error);
}

}  // namespace tokenbroker
