// Walks over text that CheckJson has found to be JSON, so that nothing can go wrong on the way; positions stay known.
//
// Why not simdjson: its documents know no places, and refuse numbers that are only too long for its own types; a text
// that is checked already can be read in one pass without padding, tape or index. Measured in tests/bench/micro.
#pragma once

#include <string>
#include <string_view>

namespace tokenbroker::json {

enum class Kind { kObject, kArray, kString, kNumber, kTrue, kFalse, kNull };

// "an object", "a string", ...: for messages.
std::string_view NameOf(Kind kind);

// A copy is a second walker, for looking ahead. Keeps no copy of the text.
class Cursor {
 public:
  explicit Cursor(std::string_view checked) : begin_(checked.data()), at_(begin_), end_(begin_ + checked.size()) {}

  // Of the next value or name, which begins at offset().
  Kind Next();
  size_t offset() const { return at_ - begin_; }

  // Each of these takes one value of its kind, which must be the next.
  std::string_view TakeNumber();
  void TakeLiteral();
  // Without the quotes, still escaped; see Unescape.
  std::string_view TakeString();
  void Skip();

  // Stands before the first name or value of an object or array, or takes all of it and answers false if it is empty.
  bool Enter();
  // After a value inside: stands before the next name or value, or takes the end and answers false.
  bool More();
  // A name with its colon, still escaped.
  std::string_view TakeName();

 private:
  // There is something behind it.
  void SkipSpace() {
    while (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t') ++at_;
  }

  // The closing quote of the string that `at_` stands in.
  const char* EndOfString() const;

  const char* begin_;
  const char* at_;
  const char* end_;
};

inline bool IsEscaped(std::string_view raw) { return raw.find('\\') != std::string_view::npos; }
std::string Unescape(std::string_view raw);

}  // namespace tokenbroker::json
