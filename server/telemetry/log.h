// What the broker says while it runs: one line per event, JSON for machines or text for people.
//
//   Log(Level::kInfo, "disk_full", {{"free_bytes", free}, {"min_bytes", least}});
//   {"ts":"2026-01-02T03:04:05.678Z","level":"info","event":"disk_full","free_bytes":10,"min_bytes":20}
//
// An event is a constant name in snake_case that can be searched for; what varies goes into fields; the field "msg" is
// free text for people. Tokens, API keys and payloads are never fields, not even in part: name a task by its id, a
// secret by its Fingerprint.
//
// Thread-safe. A line is written with one write(2), so lines of several threads do not mix.
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "absl/strings/string_view.h"
#include "base/clock.h"

namespace tokenbroker {

enum class Level : uint8_t { kDebug, kInfo, kWarning, kError };
enum class LogFormat : uint8_t { kJson, kText };

// One key and its value. Refers to the caller's memory: use it within the call only.
class Field {
 public:
  using Value = std::variant<std::string_view, int64_t, uint64_t, double, bool>;

  Field(std::string_view key, const char* value) : key_(key), value_(std::string_view(value)) {}
  Field(std::string_view key, const std::string& value) : key_(key), value_(std::string_view(value)) {}
  Field(std::string_view key, std::string_view value) : key_(key), value_(value) {}
  Field(std::string_view key, absl::string_view value)
      : key_(key), value_(std::string_view(value.data(), value.size())) {}
  Field(std::string_view key, bool value) : key_(key), value_(value) {}
  Field(std::string_view key, std::floating_point auto value) : key_(key), value_(static_cast<double>(value)) {}
  Field(std::string_view key, std::signed_integral auto value) : key_(key), value_(static_cast<int64_t>(value)) {}
  Field(std::string_view key, std::unsigned_integral auto value) : key_(key), value_(static_cast<uint64_t>(value)) {}

  std::string_view key() const { return key_; }
  const Value& value() const { return value_; }

 private:
  std::string_view key_;
  Value value_;
};

using Fields = std::initializer_list<Field>;

struct LogOptions {
  LogFormat format = LogFormat::kJson;
  Level level = Level::kInfo;
  // Gets whole lines with their line feed. Default: the standard error stream, whose failures are ignored.
  std::function<void(std::string_view line)> sink;
  // For the time stamps. Default: the wall clock, because that is what other machines' logs show.
  std::function<TimeMs()> wall;
};

// Holds for the whole process. Call it before threads that log are started, or from a test. Without it: JSON, info,
// stderr.
void ConfigureLog(LogOptions options);

// Whether a line of this level would be written: for callers whose fields cost something.
bool LogsAt(Level level);

void Log(Level level, std::string_view event, Fields fields = {});

// For warnings that could come a thousand times a second: writes the first, then at most one per interval, which says
// in the field "dropped" how many were left out in between. One object per call site, usually static.
class LimitedLog {
 public:
  explicit LimitedLog(DurationMs interval) : interval_(interval) {}

  // `now` is the broker's time or any other that does not run backwards.
  void Write(TimeMs now, Level level, std::string_view event, Fields fields = {});

 private:
  const DurationMs interval_;
  std::atomic<TimeMs> next_{INT64_MIN};
  std::atomic<uint64_t> dropped_{0};
};

// Names a secret without telling it: the first 8 hexadecimal digits of its SHA-256.
std::string Fingerprint(std::string_view secret);

// "info" and so on; as in log.level.
std::string_view LevelName(Level level);

}  // namespace tokenbroker
