#include "json/cursor.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace tokenbroker::json {
namespace {

bool EndsNumber(char c) { return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

uint32_t CodeUnit(const char* digits) {
  uint32_t unit = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = digits[i];
    unit = unit * 16 + (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return unit;
}

void AppendUtf8(uint32_t point, std::string& out) {
  const auto put = [&](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (point < 0x80) return put(point);
  if (point < 0x800) {
    put(0xC0 | point >> 6);
  } else if (point < 0x10000) {
    put(0xE0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3F));
  } else {
    put(0xF0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3F));
    put(0x80 | (point >> 6 & 0x3F));
  }
  put(0x80 | (point & 0x3F));
}

char Meaning(char escape) {
  switch (escape) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return escape;  // '"', '\\', '/'
  }
}

// Of the escape sequence at `at`; answers what comes behind it. Surrogates are known to come in pairs.
size_t TakeEscape(std::string_view raw, size_t at, std::string& out) {
  if (raw[at + 1] != 'u') {
    out.push_back(Meaning(raw[at + 1]));
    return at + 2;
  }
  const uint32_t unit = CodeUnit(raw.data() + at + 2);
  if (unit < 0xD800 || unit > 0xDBFF) {
    AppendUtf8(unit, out);
    return at + 6;
  }
  const uint32_t low = CodeUnit(raw.data() + at + 8);
  AppendUtf8(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00), out);
  return at + 12;
}

}  // namespace

std::string_view NameOf(Kind kind) {
  switch (kind) {
    case Kind::kObject:
      return "an object";
    case Kind::kArray:
      return "an array";
    case Kind::kString:
      return "a string";
    case Kind::kNumber:
      return "a number";
    case Kind::kTrue:
      return "true";
    case Kind::kFalse:
      return "false";
    default:
      return "null";
  }
}

Kind Cursor::Next() {
  SkipSpace();
  switch (*at_) {
    case '{':
      return Kind::kObject;
    case '[':
      return Kind::kArray;
    case '"':
      return Kind::kString;
    case 't':
      return Kind::kTrue;
    case 'f':
      return Kind::kFalse;
    case 'n':
      return Kind::kNull;
    default:
      return Kind::kNumber;
  }
}

std::string_view Cursor::TakeNumber() {
  const char* const from = at_;
  while (at_ != end_ && !EndsNumber(*at_)) ++at_;
  return {from, static_cast<size_t>(at_ - from)};
}

void Cursor::TakeLiteral() { at_ += *at_ == 'f' ? 5 : 4; }

const char* Cursor::EndOfString() const {
  const char* from = at_;
  for (;;) {
    const char* const quote = static_cast<const char*>(std::memchr(from, '"', end_ - from));
    const char* const escape = static_cast<const char*>(std::memchr(from, '\\', quote - from));
    if (escape == nullptr) return quote;
    from = escape + 2;
  }
}

std::string_view Cursor::TakeString() {
  const char* const from = ++at_;
  const char* const quote = EndOfString();
  at_ = quote + 1;
  return {from, static_cast<size_t>(quote - from)};
}

std::string_view Cursor::TakeName() {
  SkipSpace();
  const std::string_view name = TakeString();
  SkipSpace();
  ++at_;  // ':'
  return name;
}

bool Cursor::Enter() {
  ++at_;
  SkipSpace();
  if (*at_ != '}' && *at_ != ']') return true;
  ++at_;
  return false;
}

bool Cursor::More() {
  SkipSpace();
  return *at_++ == ',';
}

void Cursor::Skip() {
  switch (Next()) {
    case Kind::kObject:
      if (!Enter()) return;
      do {
        TakeName();
        Skip();
      } while (More());
      return;
    case Kind::kArray:
      if (!Enter()) return;
      do {
        Skip();
      } while (More());
      return;
    case Kind::kString:
      TakeString();
      return;
    case Kind::kNumber:
      TakeNumber();
      return;
    default:
      TakeLiteral();
  }
}

std::string Unescape(std::string_view raw) {
  std::string text;
  text.reserve(raw.size());
  for (size_t at = 0; at < raw.size();) {
    const size_t escape = std::min(raw.find('\\', at), raw.size());
    text.append(raw, at, escape - at);
    at = escape == raw.size() ? escape : TakeEscape(raw, escape, text);
  }
  return text;
}

}  // namespace tokenbroker::json
