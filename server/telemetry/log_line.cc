#include "server/telemetry/log_line.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>

#include "base/text.h"

namespace tokenbroker {
namespace {

// RFC 3339 with milliseconds, in UTC.
void AppendTime(TimeMs time, std::string& out) {
  const time_t seconds = time / 1'000;
  tm parts;
  gmtime_r(&seconds, &parts);
  char text[40];
  const size_t length = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
  out.append(text, length);
  const int count = snprintf(text, sizeof(text), ".%03dZ", static_cast<int>(time % 1'000));
  out.append(text, count);
}

void AppendEscapedByte(unsigned char c, std::string& out) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default: {
      constexpr char kDigits[] = "0123456789abcdef";
      out += "\\u00";
      out += kDigits[c >> 4];
      out += kDigits[c & 15];
    }
  }
}

void AppendQuoted(std::string_view text, std::string& out) {
  const bool valid = IsValidUtf8(text);
  out += '"';
  while (!text.empty()) {
    const unsigned char c = text[0];
    size_t length = 1;
    if (c == '"' || c == '\\' || c < 0x20 || c == 0x7F) {
      AppendEscapedByte(c, out);
    } else if (c < 0x80 || valid) {
      out += static_cast<char>(c);
    } else if ((length = FirstCharacterSize(text)) > 0) {
      out += text.substr(0, length);
    } else {
      length = 1;
      out += "\xEF\xBF\xBD";
    }
    text.remove_prefix(length);
  }
  out += '"';
}

template <typename Number>
void AppendNumber(Number number, std::string& out) {
  char text[32];
  out.append(text, std::to_chars(text, text + sizeof(text), number).ptr);
}

// Everything but text; JSON has no infinity and no NaN.
struct ScalarAppender {
  std::string& out;
  void operator()(std::string_view) const {}
  void operator()(int64_t value) const { AppendNumber(value, out); }
  void operator()(uint64_t value) const { AppendNumber(value, out); }
  void operator()(double value) const {
    if (std::isfinite(value)) {
      AppendNumber(value, out);
    } else {
      out += "null";
    }
  }
  void operator()(bool value) const { out += value ? "true" : "false"; }
};

void AppendJsonField(const Field& field, std::string& out) {
  out += ',';
  AppendQuoted(field.key(), out);
  out += ':';
  if (const auto* text = std::get_if<std::string_view>(&field.value())) {
    AppendQuoted(*text, out);
  } else {
    std::visit(ScalarAppender{out}, field.value());
  }
}

bool NeedsQuotes(std::string_view text) {
  if (text.empty() || !IsValidUtf8(text) || HasControlCharacters(text)) return true;
  return text.find_first_of(" \"=\\") != std::string_view::npos;
}

void AppendTextField(const Field& field, std::string& out) {
  out += ' ';
  out += field.key();
  out += '=';
  const auto* text = std::get_if<std::string_view>(&field.value());
  if (text == nullptr) {
    std::visit(ScalarAppender{out}, field.value());
  } else if (NeedsQuotes(*text)) {
    AppendQuoted(*text, out);
  } else {
    out += *text;
  }
}

std::string_view PaddedName(Level level) {
  switch (level) {
    case Level::kDebug:
      return " DEBUG ";
    case Level::kInfo:
      return " INFO  ";
    case Level::kWarning:
      return " WARN  ";
    case Level::kError:
      return " ERROR ";
  }
  return " ";
}

}  // namespace

void AppendJsonLine(const LogEvent& event, std::string& out) {
  out += "{\"ts\":\"";
  AppendTime(event.time, out);
  out += "\",\"level\":\"";
  out += LevelName(event.level);
  out += "\",\"event\":";
  AppendQuoted(event.event, out);
  for (const Field& field : event.fields) AppendJsonField(field, out);
  if (event.extra != nullptr) AppendJsonField(*event.extra, out);
  out += "}\n";
}

void AppendTextLine(const LogEvent& event, std::string& out) {
  AppendTime(event.time, out);
  out += PaddedName(event.level);
  out += event.event;
  for (const Field& field : event.fields) AppendTextField(field, out);
  if (event.extra != nullptr) AppendTextField(*event.extra, out);
  out += '\n';
}

}  // namespace tokenbroker
