// What a command gets: the outside world, the settings and the broker. One per run of the program.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "cli/broker.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/retry.h"
#include "cli/settings.h"
#include "cli/waiter.h"

namespace tokenbroker::cli {

// The world, replaceable for tests.
struct World {
  std::ostream& out;
  std::ostream& err;
  int in;
  bool colour;
  Environment environment;
  Waiter& waiter;
  const Clock& wall;
  Random random;
  // Shared, because a test keeps hold of its own broker.
  std::function<absl::StatusOr<std::shared_ptr<Broker>>(const Settings&)> connect;
};

class Session {
 public:
  explicit Session(World world) : world_(std::move(world)) {}

  World& world() { return world_; }
  std::ostream& out() { return world_.out; }
  // Remarks for people.
  std::ostream& err() { return world_.err; }
  Retrier retrier() { return Retrier(world_.waiter, world_.random); }

  // Decided at the first call.
  absl::StatusOr<Settings> GetSettings();
  // Connected at the first call; valid as long as the session.
  absl::StatusOr<Broker*> GetBroker();

  // One call of `method` with retries, all within the time-out of the settings and `longer`, which the broker was asked
  // to wait.
  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(absl::StatusOr<Response> (Broker::*method)(const Request&, DurationMs),
                                const Request& request, DurationMs longer = 0) {
    auto settings = GetSettings();
    if (!settings.ok()) return settings.status();
    auto broker = GetBroker();
    if (!broker.ok()) return broker.status();
    const DurationMs timeout = settings->TimeoutOr(Settings::kDefaultTimeout) + longer;
    return retrier().Run(timeout, timeout, [&](DurationMs left) { return ((*broker)->*method)(request, left); });
  }

  // Hands over what was printed so far. INTERNAL when not all of it could be written, now or earlier.
  absl::Status Flush();

  // Prints `json` as one document, or as one line.
  void PrintJson(const Json& json, Format format);

  // Filled by the parser.
  ConnectionFlags flags;
  // One of those that the command has.
  Format format = Format::kTable;

 private:
  World world_;
  std::optional<Settings> settings_;
  std::shared_ptr<Broker> broker_;
};

}  // namespace tokenbroker::cli
