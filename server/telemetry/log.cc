#include "server/telemetry/log.h"

#include <sodium.h>
#include <unistd.h>

#include <utility>

#include "base/system_clock.h"
#include "server/telemetry/log_line.h"

namespace tokenbroker {
namespace {

void WriteToStderr(std::string_view line) {
  // A full pipe or a closed stream must not hurt the broker, and there is nobody left to tell.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

LogOptions WithDefaults(LogOptions options) {
  if (!options.sink) options.sink = WriteToStderr;
  if (!options.wall) options.wall = [] { return WallMicros() / 1'000; };
  return options;
}

std::atomic<Level> level_filter{Level::kInfo};

LogOptions& Options() {
  static LogOptions* const options =
      new LogOptions(WithDefaults({}));  // Lives to the end: threads may log during exit.
  return *options;
}

void Write(Level level, std::string_view event, Fields fields, const Field* extra) {
  const LogOptions& options = Options();
  thread_local std::string line;
  line.clear();
  const LogEvent log_event{options.wall(), level, event, fields, extra};
  if (options.format == LogFormat::kJson) {
    AppendJsonLine(log_event, line);
  } else {
    AppendTextLine(log_event, line);
  }
  options.sink(line);
}

}  // namespace

void ConfigureLog(LogOptions options) {
  level_filter.store(options.level, std::memory_order_relaxed);
  Options() = WithDefaults(std::move(options));
}

bool LogsAt(Level level) { return level >= level_filter.load(std::memory_order_relaxed); }

void Log(Level level, std::string_view event, Fields fields) {
  if (LogsAt(level)) Write(level, event, fields, nullptr);
}

void LimitedLog::Write(TimeMs now, Level level, std::string_view event, Fields fields) {
  if (!LogsAt(level)) return;
  TimeMs next = next_.load(std::memory_order_relaxed);
  if (now < next || !next_.compare_exchange_strong(next, now + interval_, std::memory_order_relaxed)) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  const uint64_t dropped = dropped_.exchange(0, std::memory_order_relaxed);
  const Field count("dropped", dropped);
  tokenbroker::Write(level, event, fields, dropped > 0 ? &count : nullptr);
}

std::string Fingerprint(std::string_view secret) {
  unsigned char hash[crypto_hash_sha256_BYTES];
  crypto_hash_sha256(hash, reinterpret_cast<const unsigned char*>(secret.data()), secret.size());
  char hex[9];
  sodium_bin2hex(hex, sizeof(hex), hash, 4);
  return hex;
}

std::string_view LevelName(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      return "error";
  }
  return "unknown";
}

}  // namespace tokenbroker
