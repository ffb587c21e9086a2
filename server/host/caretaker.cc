#include "server/host/caretaker.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/thread.h"
#include "server/broker/key_ring.h"
#include "server/host/delivery_observer.h"
#include "server/telemetry/log.h"

namespace tokenbroker {
namespace {

constexpr std::chrono::milliseconds kInterval{1000};
constexpr std::chrono::milliseconds kShortestInterval{10};
// More than a broker takes in and a disk takes: 1 GB a second.
constexpr uint64_t kWrittenPerMs = 1'000'000;
// While a store writes what is in memory to its final place, that counts twice, and then its logs go, several at once:
// up to 256 MiB come back, a quarter of the usual minimum.
constexpr uint64_t kMarginShare = 4;

// When the file, or who may read it, last changed: nanoseconds since the epoch; 0 if it cannot be looked at.
int64_t ChangedAt(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return 0;
  return int64_t{info.st_ctim.tv_sec} * 1'000'000'000 + info.st_ctim.tv_nsec;
}

double Seconds(DurationMs ms) { return static_cast<double>(std::max<DurationMs>(ms, 0)) * 1e-3; }

}  // namespace

Caretaker::Caretaker(Parts parts, Options options) : parts_(parts), options_(std::move(options)) {
  keys_modified_ = ChangedAt(options_.key_file);
  Look();
  ConnectGauges();
}

Caretaker::~Caretaker() {
  DisconnectGauges();
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Caretaker::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Caretaker::Run() {
  NameThisThread("caretaker");
  using Time = std::chrono::steady_clock;
  Time::time_point next_look = Time::now() + kInterval;
  std::unique_lock<std::mutex> lock(mutex_);
  const auto next = [&] { return std::min(next_look, Time::now() + next_look_at_disk_); };
  while (!wake_.wait_until(lock, next(), [this] { return stopping_; })) {
    lock.unlock();
    if (Time::now() < next_look) {
      LookAtDisk();
    } else {
      next_look = Time::now() + kInterval;
      Look();
    }
    lock.lock();
  }
}

void Caretaker::Look() {
  LookAtDisk();
  LookAtKeys();
  LookAtBroker();
}

bool Caretaker::IsDiskFull(bool was_full, uint64_t free, uint64_t min) {
  return free < min || (was_full && free - min < min / kMarginShare);
}

std::chrono::milliseconds Caretaker::NextLookAtDisk(uint64_t free, uint64_t min) {
  const uint64_t last = std::min<uint64_t>((free - min) / kWrittenPerMs, kInterval.count());
  return std::max(std::chrono::milliseconds(last), kShortestInterval);
}

void Caretaker::LookAtDisk() {
  struct statvfs info;
  if (options_.folder.empty() || statvfs(options_.folder.c_str(), &info) != 0) return;
  const uint64_t unused = uint64_t{info.f_bavail} * info.f_frsize;
  const uint64_t free = unused - std::min(unused, parts_.store.PendingBytes());
  {
    std::lock_guard<std::mutex> lock(mutex_);
    snapshot_.disk_free = free;
  }
  const bool full = IsDiskFull(disk_full_.load(), free, options_.disk_free_min);
  // Nothing more can go wrong while new tasks are refused.
  next_look_at_disk_ = full ? kInterval : NextLookAtDisk(free, options_.disk_free_min);
  if (disk_full_.exchange(full) == full) return;
  parts_.broker.SetDiskFull(full);
  Log(full ? Level::kError : Level::kInfo, full ? "disk_full" : "disk_has_room",
      {{"free_bytes", free}, {"min_bytes", options_.disk_free_min}});
}

void Caretaker::LookAtKeys() {
  if (options_.key_file.empty()) return;
  const int64_t modified = ChangedAt(options_.key_file);
  if (modified == 0 || modified == keys_modified_) return;
  keys_modified_ = modified;
  absl::StatusOr<broker::KeyRing> keys = broker::KeyRing::Load(options_.key_file);
  if (!keys.ok()) return Log(Level::kError, "token_keys_not_reloaded", {{"msg", keys.status().message()}});
  parts_.codec.Replace(*std::move(keys));
  Log(Level::kInfo, "token_keys_reloaded");
}

void Caretaker::LookAtBroker() {
  ShowDeliveries(parts_.broker, parts_.forwarder, parts_.deliveries);
  ShowBeats(parts_.beater, parts_.deliveries);
  ShowSubscribers(parts_.subscriber_targets, parts_.deliveries);
  const broker::Broker::Status status = parts_.broker.GetStatus();
  const uint64_t bytes = parts_.store.SizeBytes();
  const auto marks = parts_.store.Marks(0);
  std::lock_guard<std::mutex> lock(mutex_);
  snapshot_.status = status;
  snapshot_.store_bytes = bytes;
  snapshot_.oldest_change = marks.ok() && !marks->empty() ? marks->front().time : 0;
}

Caretaker::Snapshot Caretaker::snapshot() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return snapshot_;
}

void Caretaker::ConnectGauges() {
  BrokerMetrics& metrics = parts_.metrics;
  const auto age = [this](TimeMs time) { return time == 0 ? 0.0 : Seconds(parts_.clock.Now() - time); };
  metrics.open_tasks.SetSource([this] { return static_cast<double>(snapshot().status.open_tasks); });
  metrics.oldest_open_age_seconds.SetSource([this, age] { return age(snapshot().status.oldest_open); });
  metrics.parked_callbacks.SetSource([this] { return static_cast<double>(snapshot().status.parked); });
  metrics.queue_depth.SetSource([this] { return static_cast<double>(snapshot().status.queued); });
  metrics.queued_reads.SetSource([this] { return static_cast<double>(snapshot().status.queued_reads); });
  metrics.queue_bytes.SetSource([this] { return static_cast<double>(snapshot().status.queued_bytes); });
  metrics.clock_offset_seconds.SetSource([this] { return static_cast<double>(parts_.clock.Offset()) * 1e-3; });
  metrics.store_bytes.SetSource([this] { return static_cast<double>(snapshot().store_bytes); });
  metrics.checkpoint_age_seconds.SetSource([this, age] { return age(snapshot().status.last_checkpoint); });
  metrics.retention_floor_age_seconds.SetSource([this, age] { return age(snapshot().oldest_change); });
  if (!options_.folder.empty()) {
    metrics.disk_free_bytes.SetSource([this] { return static_cast<double>(snapshot().disk_free); });
  }
}

void Caretaker::DisconnectGauges() {
  BrokerMetrics& metrics = parts_.metrics;
  for (CallbackGauge* gauge :
       {&metrics.open_tasks, &metrics.oldest_open_age_seconds, &metrics.parked_callbacks, &metrics.queue_depth,
        &metrics.queued_reads, &metrics.queue_bytes, &metrics.clock_offset_seconds, &metrics.store_bytes,
        &metrics.checkpoint_age_seconds, &metrics.retention_floor_age_seconds, &metrics.disk_free_bytes}) {
    gauge->ClearSource();
  }
}

}  // namespace tokenbroker
