// A Step Functions on loopback that takes each outcome once, remembers all it was told, and has trouble as it is told.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "tests/outbound/fault_server.h"
#include "tests/targets/send_task.h"

namespace tokenbroker::testing {

class StepFunctionsStub {
 public:
  // What befalls an outcome on its way.
  struct Trouble {
    outbound::Step step;
    // The engine has it all the same.
    bool taken = false;
    DurationMs delay = 0;
  };
  // Called for each outcome that arrives, one at a time; nothing: all is well.
  using Fate = std::function<std::optional<Trouble>(const targets::SendTask&)>;

  // With PEM texts: HTTPS.
  explicit StepFunctionsStub(const std::string& certificate_pem = "", const std::string& key_pem = "");

  std::string url() const { return server_.url(); }
  // From the next connection on.
  void Show(const std::string& certificate_pem, const std::string& key_pem) { server_.Show(certificate_pem, key_pem); }
  // The next request meets this.
  void Meet(Trouble trouble);
  void Decide(Fate fate);
  // Calls that are signed with another key are refused, as they are when a key was replaced.
  void TrustOnly(const std::string& access_key_id);

  // What has arrived with this token, as 'SendTaskSuccess {"a":1}'.
  std::vector<std::string> Arrivals(const std::string& token) const;
  // Outcomes that have arrived, however often.
  size_t sends() const;
  // All requests, whatever became of them.
  size_t requests() { return server_.requests(); }

 private:
  outbound::Step Begin();
  outbound::Step Receive(const outbound::SeenRequest& request, const std::optional<Trouble>& met);
  outbound::Step Answer(const targets::SendTask& call, const std::optional<Trouble>& met, DurationMs& delay);

  mutable std::mutex mutex_;
  std::deque<Trouble> next_;                                  // guarded by mutex_
  Fate fate_;                                                 // guarded by mutex_
  std::string trusted_;                                       // guarded by mutex_
  std::map<std::string, std::vector<std::string>> arrivals_;  // guarded by mutex_
  std::set<std::string> taken_;                               // guarded by mutex_
  size_t sends_ = 0;                                          // guarded by mutex_
  // Last, so that nobody calls when the rest is gone.
  outbound::FaultServer server_;
};

}  // namespace tokenbroker::testing
