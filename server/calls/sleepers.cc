#include "server/calls/sleepers.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/system_clock.h"
#include "base/thread.h"

namespace tokenbroker::calls {
namespace {

constexpr int64_t kPaceMicros = 10'000;

}  // namespace

struct Sleepers::State : std::enable_shared_from_this<State> {
  explicit State(broker::Broker& the_broker) : broker(the_broker) {}

  // Whoever sleeps has read up to the newest change, so that one call of the broker serves all.
  void Arm(broker::Sequence after) {
    broker.OnceBeyond(after, [self = shared_from_this()] { self->Ring(); });
  }

  // On the committer's thread, mostly: leaves the work to others.
  void Ring() {
    std::lock_guard<std::mutex> lock(mutex);
    const int64_t wait = rung_at + kPaceMicros - ElapsedMicros();
    if (wait <= 0) return WakeAll();
    ring_at = rung_at + kPaceMicros;
    wake.notify_one();
  }

  // The pacer's thread.
  void Pace(const std::stop_token& stop) {
    NameThisThread("watch-pacer");
    std::unique_lock<std::mutex> lock(mutex);
    while (wake.wait(lock, stop, [this] { return ring_at != 0; })) {
      wake.wait_for(lock, stop, std::chrono::microseconds(ring_at - ElapsedMicros()), [] { return false; });
      ring_at = 0;
      WakeAll();
    }
  }

  // With the lock held.
  void WakeAll() {
    rung_at = ElapsedMicros();
    armed = false;
    if (asleep.empty()) return;
    broker.executor().Run([&executor = broker.executor(), woken = std::exchange(asleep, {})] {
      for (Sleeper* sleeper : woken) executor.Run([sleeper] { sleeper->Wake(); });
    });
  }

  broker::Broker& broker;
  std::mutex mutex;
  std::unordered_set<Sleeper*> asleep;  // guarded by mutex
  bool armed = false;                   // guarded by mutex
  int64_t rung_at = 0;                  // guarded by mutex
  int64_t ring_at = 0;                  // guarded by mutex; 0: not to ring
  std::condition_variable_any wake;
  std::jthread pacer{[this](const std::stop_token& stop) { Pace(stop); }};
};

Sleepers::Sleepers(broker::Broker& broker) : state_(std::make_shared<State>(broker)) {}
Sleepers::~Sleepers() = default;

bool Sleepers::Add(Sleeper& sleeper, broker::Sequence after, absl::FunctionRef<bool()> must_stay_awake) {
  {
    std::lock_guard<std::mutex> lock(state_->mutex);
    if (must_stay_awake()) return false;
    state_->asleep.insert(&sleeper);
    if (std::exchange(state_->armed, true)) return true;
  }
  state_->Arm(after);
  return true;
}

bool Sleepers::Remove(Sleeper& sleeper) {
  std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->asleep.erase(&sleeper) == 1;
}

}  // namespace tokenbroker::calls
