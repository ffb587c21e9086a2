#include "server/rpc/grpc_log.h"

#include <grpc/support/log.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "base/system_clock.h"
#include "server/telemetry/log.h"

namespace tokenbroker::rpc {
namespace {

constexpr DurationMs kLogInterval = 10'000;
constexpr size_t kLongestText = 1024;

// By place, so that what callers cause never hides the one that ends the process. As many as gRPC's sources have.
class Places {
 public:
  LimitedLog& Of(const std::string& place) {
    const std::lock_guard lock(mutex_);
    return logs_.try_emplace(place, kLogInterval).first->second;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, LimitedLog> logs_;  // guarded by mutex_; entries stay where they are
};

Places& AllPlaces() {
  static Places* const places = new Places;  // lives to the end: gRPC's threads may speak during exit
  return *places;
}

// What gRPC calls an error is mostly a caller's, and nobody's to get up for.
Level LevelOf(gpr_log_severity severity) {
  switch (severity) {
    case GPR_LOG_SEVERITY_DEBUG:
      return Level::kDebug;
    case GPR_LOG_SEVERITY_INFO:
      return Level::kInfo;
    case GPR_LOG_SEVERITY_ERROR:
      return Level::kWarning;
  }
  return Level::kWarning;
}

std::string PlaceOf(const gpr_log_func_args& args) {
  const std::string_view path = args.file;
  const std::string_view name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
  return absl::StrCat(absl::string_view(name.data(), name.size()), ":", args.line);
}

// "... key=content-type value=<what the caller sent>": that is left out, it could be a secret in the wrong place.
std::string_view TextOf(const gpr_log_func_args& args) {
  const std::string_view text = args.message;
  return text.substr(0, std::min(text.find(" value="), kLongestText));
}

void Write(gpr_log_func_args* args) {
  const Level level = LevelOf(args->severity);
  if (!LogsAt(level)) return;
  const std::string place = PlaceOf(*args);
  AllPlaces().Of(place).Write(
      ElapsedMicros() / 1000, level, "grpc_message",
      {{"severity", gpr_log_severity_string(args->severity)}, {"file", place}, {"msg", TextOf(*args)}});
}

}  // namespace

void TakeOverGrpcLog() { gpr_set_log_function(Write); }

}  // namespace tokenbroker::rpc
