// Looks after the machine's side once a second: room on the disk, a changed key file, the numbers behind the gauges.
// The nearer the disk is to its watermark, the more often it is looked at.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "base/system_clock.h"
#include "server/broker/broker.h"
#include "server/broker/token_codec.h"
#include "server/forward/beater.h"
#include "server/forward/forwarder.h"
#include "server/forward/subscriber_target.h"
#include "server/telemetry/broker_metrics.h"
#include "server/telemetry/delivery_metrics.h"
#include "storage/token_store.h"

namespace tokenbroker {

class Caretaker {
 public:
  // All must outlive the caretaker.
  struct Parts {
    broker::Broker& broker;
    broker::TokenCodec& codec;
    storage::TokenStore& store;
    const SystemClock& clock;
    BrokerMetrics& metrics;
    const forward::Forwarder& forwarder;
    const forward::Beater& beater;
    const forward::SubscriberTargets& subscriber_targets;
    DeliveryMetrics& deliveries;
  };
  struct Options {
    // Where the store is; empty: in memory, nothing to watch.
    std::string folder;
    // Empty: keys in memory.
    std::string key_file;
    uint64_t disk_free_min = 0;
  };

  // Looks once, and connects the gauges.
  Caretaker(Parts parts, Options options);
  // Disconnects them.
  ~Caretaker();

  // Once a second from now on, on a thread of its own; at the disk as soon as NextLookAtDisk says.
  void Start();
  // One look; not to be called any more after Start.
  void Look();

  bool disk_full() const { return disk_full_.load(); }

  // Whether new tasks are to be refused: with less than the minimum free and then, as what is free rises and falls with
  // what the store tidies up, until a quarter of the minimum more is.
  static bool IsDiskFull(bool was_full, uint64_t free, uint64_t min);
  // How soon a disk that is not full is to be looked at again: before all that is free beyond the minimum can have been
  // written.
  static std::chrono::milliseconds NextLookAtDisk(uint64_t free, uint64_t min);

 private:
  // What the gauges show.
  struct Snapshot {
    broker::Broker::Status status;
    uint64_t store_bytes = 0;
    uint64_t disk_free = 0;
    TimeMs oldest_change = 0;  // 0: none known
  };

  void Run();
  void LookAtDisk();
  void LookAtKeys();
  void LookAtBroker();
  void ConnectGauges();
  void DisconnectGauges();
  Snapshot snapshot() const;

  const Parts parts_;
  const Options options_;
  std::atomic<bool> disk_full_{false};
  // The thread's own.
  int64_t keys_modified_ = 0;
  std::chrono::milliseconds next_look_at_disk_{1000};

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  Snapshot snapshot_;      // guarded by mutex_
  std::thread thread_;
};

}  // namespace tokenbroker
