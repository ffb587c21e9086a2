// What a door says about its TLS files.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tokenbroker::tls {

// Not thread-safe.
class ReloadLog {
 public:
  // The events begin with the door's name: http_tls_reloaded, http_tls_reload_failed.
  explicit ReloadLog(std::string_view door) : door_(door) {}

  // What came of a look at the files: whether they changed. The same failure again is not told again, however often the
  // files are looked at.
  void Tell(const absl::StatusOr<bool>& changed);

 private:
  const std::string door_;
  std::string failure_;
};

}  // namespace tokenbroker::tls
