// The engines behind the broker's targets, with a bad line to them: a Step Functions on the AWS wire, and a receiver of
// webhooks.
//
// Each takes an outcome once, and says of later arrivals what the real ones say. On the way requests and replies get
// lost, answers come late, or are no answers, or ask for fewer calls. Whatever arrives is held against the
// expectations, and against what arrived before: the same outcome again, with the same content, only if the process
// that sends it cannot know that it was taken, because the reply was lost, or because another process got it and was
// killed.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "tests/crash/expectations.h"
#include "tests/outbound/fault_server.h"
#include "tests/targets/send_task.h"

namespace tokenbroker::testing {

class Engines {
 public:
  Engines(Expectations& expectations, Violations& violations, uint64_t seed);

  // A configuration with the targets, for the broker's `start`-th start: what each process sends is told apart.
  std::string Config(size_t start) const;
  // The credentials that the targets need.
  static std::map<std::string, std::string> Environment();

  // The line is good from now on.
  void CalmDown() { calm_ = true; }

  // "2 outcomes ..."
  std::string Summary() const;
  // Outcomes taken so far.
  uint64_t taken() const;

 private:
  // What the line does to a request that has arrived.
  enum class Fate { kAnswered, kLost, kFaltered, kFalteredUntaken, kGarbled, kThrottled };
  // An outcome that has arrived, taken or not.
  struct Outcome {
    End end;
    std::string delivery_id;
    // By the process of this start; whether it was told.
    size_t start = 0;
    bool told = false;
    bool taken = false;
  };
  struct Arrival {
    uint64_t serial = 0;
    size_t start = 0;
    // Empty if the wire does not say.
    std::string task_id;
    std::string delivery_id;
    End end;
  };

  outbound::Step Begin();
  outbound::Step OnSendTask(const outbound::SeenRequest& request);
  outbound::Step OnBeat(const targets::SendTask& call);
  outbound::Step OnWebhook(const outbound::SeenRequest& request);
  // Whether it had been taken before.
  bool Take(const Arrival& arrival, Fate fate);
  void CheckRepeated(const Arrival& arrival, const Outcome& before);
  outbound::Step Answer(Fate fate, outbound::Step answer) const;
  Fate RandomFate();
  uint64_t Below(uint64_t bound);
  void Complain(uint64_t serial, const std::string& text);

  Expectations& expectations_;
  Violations& violations_;
  std::atomic<bool> calm_{false};

  mutable std::mutex mutex_;
  Random random_;                         // guarded by mutex_
  std::map<uint64_t, Outcome> outcomes_;  // guarded by mutex_
  uint64_t taken_ = 0;                    // guarded by mutex_
  uint64_t arrivals_ = 0;                 // guarded by mutex_
  uint64_t again_after_loss_ = 0;         // guarded by mutex_
  uint64_t again_after_crash_ = 0;        // guarded by mutex_
  uint64_t beats_ = 0;                    // guarded by mutex_
  uint64_t cut_ = 0;                      // guarded by mutex_

  // Last, so that nobody calls when the rest is gone.
  outbound::FaultServer step_functions_;
  outbound::FaultServer webhook_;
};

}  // namespace tokenbroker::testing
