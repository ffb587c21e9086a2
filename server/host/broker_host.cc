#include "server/host/broker_host.h"

#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "base/random.h"
#include "base/serving_thread.h"
#include "base/status_macros.h"
#include "base/thread.h"
#include "server/broker/key_ring.h"
#include "server/host/version.h"
#include "server/telemetry/log.h"
#include "storage/log_entry.h"
#include "storage/memory/memory_store.h"
#include "storage/rocksdb/folder.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace tokenbroker {
namespace {

// For two cores: gRPC has its own threads, and the committer is one more. These wait for the disk.
constexpr int kExecutorThreads = 2;
// Any supervisor restarts us, and the log tells what was written.
constexpr int kExitWriteFailed = EX_IOERR;

broker::Broker::Options BrokerOptions(const Config& config) {
  broker::Broker::Options options;
  options.limits.open_tasks_per_namespace = config.limits.open_tasks_per_namespace;
  options.limits.parked_per_namespace = config.limits.parked_per_namespace;
  options.limits.parked_bytes = config.limits.parked_bytes;
  options.limits.namespaces = config.limits.namespaces;
  options.limits.queue_operations = config.limits.queue_operations;
  options.limits.queue_bytes = config.limits.queue_bytes;
  options.limits.queue_reads = config.limits.queue_reads;
  options.limits.awaits = config.limits.awaits;
  options.limits.progress_bytes = config.limits.progress_bytes;
  options.retention = {config.retention.resolved, config.retention.hold_after};
  options.checkpoint = {static_cast<size_t>(config.storage.checkpoint_entries), config.storage.checkpoint_interval};
  return options;
}

forward::ScheduleOptions ScheduleOptions(const ForwardingConfig& config) {
  forward::ScheduleOptions options;
  options.backoff = {config.backoff_base, config.backoff_max};
  options.operator_backoff.max = config.operator_backoff_max;
  options.max_age = config.max_age;
  options.answer_within = config.answer_within;
  return options;
}

std::vector<forward::Beater::Target> BeatingTargets(const std::vector<forward::NamedTarget>& targets) {
  std::vector<forward::Beater::Target> beating;
  for (const forward::NamedTarget& named : targets) {
    if (named.target->takes_heartbeats()) beating.push_back({named.name, *named.target});
  }
  return beating;
}

absl::StatusOr<broker::KeyRing> FreshKeys() {
  broker::TokenKey key{1};
  TB_ASSIGN_OR_RETURN(const std::string secret, RandomBytes(key.secret.size()));
  std::copy(secret.begin(), secret.end(), key.secret.begin());
  return broker::KeyRing::Create({key});
}

// New keys are made for an empty store only: with any others the tokens that were handed out are worth nothing, and
// what is owed to engines by their tokens cannot be read.
absl::StatusOr<broker::KeyRing> LoadKeys(const std::string& path, const storage::TokenStore& store) {
  absl::StatusOr<broker::KeyRing> keys = broker::KeyRing::Load(path);
  if (!absl::IsNotFound(keys.status())) return keys;
  TB_ASSIGN_OR_RETURN(const storage::Sequence last, store.LastSequence(0));
  TB_ASSIGN_OR_RETURN(const storage::Sequence floor, store.Floor(0));
  if (last != 0 || floor != 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        "tokens.key_file: there is no file ", path,
        ", and the tokens of the tasks in the store were made with it. Put it back, or see \"Token keys\" in "
        "docs/operating.md if it is lost"));
  }
  keys = broker::KeyRing::Make(path);
  if (keys.ok()) Log(Level::kInfo, "token_keys_made", {{"path", path}});
  return keys;
}

// The latest time that was written: the broker's clock does not go behind it.
absl::StatusOr<TimeMs> HighWater(const storage::TokenStore& store) {
  TimeMs time = 0;
  TB_ASSIGN_OR_RETURN(const std::vector<storage::Mark> marks, store.Marks(0));
  if (!marks.empty()) time = marks.back().time;
  TB_ASSIGN_OR_RETURN(const storage::Sequence last, store.LastSequence(0));
  if (last == 0) return time;
  absl::Status trouble;
  TB_RETURN_IF_ERROR(store.Scan(0, last, [&](const storage::LogRecord& record) {
    absl::StatusOr<storage::LogEntry> entry = storage::DecodeEntry(record.bytes);
    trouble = entry.status();
    if (!entry.ok()) return false;
    time = std::max(time, std::visit([](const auto& any) { return any.time; }, *entry));
    return true;
  }));
  TB_RETURN_IF_ERROR(trouble);
  return time;
}

}  // namespace

BrokerHost::BrokerHost(const Config& config)
    : config_(config), metrics_(registry_, kVersion), delivery_metrics_(registry_) {}

// Also of one that did not open wholly.
BrokerHost::~BrokerHost() { Shutdown(0); }

absl::StatusOr<std::unique_ptr<BrokerHost>> BrokerHost::Open(const Config& config, bool bench_null) {
  std::unique_ptr<BrokerHost> host(new BrokerHost(config));
  TB_RETURN_IF_ERROR(host->StartAdmin());
  TB_RETURN_IF_ERROR(host->OpenStore());
  TB_RETURN_IF_ERROR(host->OpenKeys());
  TB_RETURN_IF_ERROR(host->OpenBroker());
  TB_RETURN_IF_ERROR(host->StartDoors(bench_null));
  TB_RETURN_IF_ERROR(host->incoming_->StartPolling(host->MakeDoor(false)));
  host->StartFileDrop();
  host->serving_.store(true);
  return host;
}

absl::Status BrokerHost::StartAdmin() {
  if (config_.admin.listen.empty()) return absl::OkStatus();
  AdminHandlers handlers;
  handlers.version = kVersion;
  handlers.metrics = [this](Exposition exposition) { return registry_.Render(exposition); };
  handlers.ready = [this] { return CheckReadiness(); };
  TB_ASSIGN_OR_RETURN(admin_, AdminServer::Start(config_.admin.listen, std::move(handlers)));
  return absl::OkStatus();
}

std::vector<ReadinessCheck> BrokerHost::CheckReadiness() const {
  const bool serving = serving_.load();
  // A full disk refuses new tasks alone: callers who settle must still be sent here.
  return {{"serving", serving, serving ? "" : "starting or shutting down"}};
}

absl::Status BrokerHost::OpenStore() {
  if (config_.storage.backend == StorageBackend::kMemory) {
    store_ = std::make_unique<storage::MemoryStore>();
    return absl::OkStatus();
  }
  TB_RETURN_IF_ERROR(storage::MakeFolder(config_.storage.path));
  storage::RocksDbOptions options;
  options.path = config_.storage.path + "/db";
  TB_ASSIGN_OR_RETURN(store_, storage::OpenRocksDbStore(options));
  return absl::OkStatus();
}

absl::Status BrokerHost::OpenKeys() {
  key_file_ = config_.tokens.key_file;
  const bool on_disk = config_.storage.backend == StorageBackend::kRocksDb;
  if (key_file_.empty() && on_disk) key_file_ = config_.storage.path + "/token-keys.json";
  TB_ASSIGN_OR_RETURN(broker::KeyRing keys, key_file_.empty() ? FreshKeys() : LoadKeys(key_file_, *store_));
  codec_ = std::make_unique<broker::TokenCodec>(std::move(keys));
  return absl::OkStatus();
}

absl::Status BrokerHost::OpenBroker() {
  TB_ASSIGN_OR_RETURN(const TimeMs high_water, HighWater(*store_));
  clock_ = std::make_unique<SystemClock>(high_water);
  executor_ = std::make_unique<ThreadPool>(kExecutorThreads, "executor");
  checks_ = std::make_unique<ThreadPool>(1, "checks");
  background_ = std::make_unique<ThreadPool>(1, "background");
  backups_ = std::make_unique<calls::Backups>();
  observer_ = std::make_unique<MetricsObserver>(metrics_, delivery_metrics_, *clock_);
  // The observer has logged why. No answer may leave any more, and no destructor may write.
  const auto on_failure = [](const absl::Status&) { _exit(kExitWriteFailed); };
  TB_ASSIGN_OR_RETURN(broker_,
                      broker::Broker::Open(BrokerOptions(config_), {*store_, *codec_, *clock_, *executor_, *checks_,
                                                                    *background_, *observer_, on_failure}));
  TB_RETURN_IF_ERROR(OpenForwarder());
  const bool on_disk = config_.storage.backend == StorageBackend::kRocksDb;
  caretaker_ =
      std::make_unique<Caretaker>(Caretaker::Parts{*broker_, *codec_, *store_, *clock_, metrics_, *forwarder_, *beater_,
                                                   outgoing_->subscriber_targets(), delivery_metrics_},
                                  Caretaker::Options{on_disk ? config_.storage.path : "", key_file_,
                                                     static_cast<uint64_t>(config_.limits.disk_free_min)});
  caretaker_->Start();
  broker_->Start();
  forwarder_->Start();
  beater_->Start();
  warm_up_ = std::jthread([this](std::stop_token stop) {
    NameThisThread("index-warm-up");
    const absl::Status status = store_->WarmUp(stop);
    if (!status.ok()) observer_->Trouble("index_not_warmed_up", status);
  });
  return absl::OkStatus();
}

absl::Status BrokerHost::OpenForwarder() {
  TB_ASSIGN_OR_RETURN(outgoing_, Outgoing::Open(config_, ProcessEnvironment(), *clock_));
  TB_ASSIGN_OR_RETURN(std::vector<forward::NamedTarget> targets, outgoing_->MakeTargets());
  delivery_observer_ = std::make_unique<DeliveryObserver>(delivery_metrics_, *clock_);
  beater_ = std::make_unique<forward::Beater>(
      forward::Beater::Parts{*broker_, *clock_, *delivery_observer_, RandomFraction}, BeatingTargets(targets));
  forwarder_ = std::make_unique<forward::Forwarder>(
      forward::Forwarder::Parts{*broker_, *clock_, *delivery_observer_, RandomFraction,
                                [watch = ServingWatch()]() mutable { return watch.Take(); }},
      ScheduleOptions(config_.forwarding), std::move(targets));
  return absl::OkStatus();
}

calls::Door BrokerHost::MakeDoor(bool bench_null) {
  calls::Door door{*broker_, *authenticator_, metrics_};
  door.limits.max_input = config_.tasks.max_input;
  door.limits.max_output = config_.tasks.max_output;
  door.limits.default_timeout = config_.tasks.default_timeout;
  for (const TargetConfig& target : config_.targets) {
    door.limits.targets.push_back({target.name, NeedsUpstreamToken(target.kind)});
  }
  door.limits.default_target = config_.forwarding.default_target;
  door.forwarder = forwarder_.get();
  door.subscriber_targets = outgoing_->subscriber_targets();
  door.max_watches = config_.limits.watches;
  door.backup_root = config_.storage.backup_root;
  door.backups = backups_.get();
  door.version = kVersion;
  door.started_at = clock_->Now();
  door.clock_offset = [this] { return clock_->Offset(); };
  door.bench_null = bench_null;
  return door;
}

absl::Status BrokerHost::StartDoors(bool bench_null) {
  authenticator_ = std::make_unique<calls::Authenticator>(config_.auth);
  TB_ASSIGN_OR_RETURN(rpc_, rpc::RpcServer::Start(MakeDoor(bench_null), config_.grpc, config_.tls));
  TB_ASSIGN_OR_RETURN(incoming_, Incoming::Open(config_, ProcessEnvironment(), *clock_, registry_));
  if (config_.http.listen.empty()) return absl::OkStatus();
  TB_ASSIGN_OR_RETURN(aws::Relay relay, outgoing_->MakeRelay());
  TB_ASSIGN_OR_RETURN(web_,
                      web::WebServer::Start(MakeDoor(bench_null), config_, std::move(relay), incoming_->event_rules()));
  return absl::OkStatus();
}

void BrokerHost::StartFileDrop() {
  const FileDropConfig& config = config_.file_drop;
  if (config.folder.empty()) return;
  drop_door_.emplace(MakeDoor(false));
  drop_door_->kind = DoorKind::kDrop;
  // To read, too, because keys are looked up before they are settled.
  drop_caller_ = calls::MakePrincipal("drop:" + config.name, {{config.name_space, kResolve | kRead}});
  drop_settler_ = std::make_unique<drop::DoorSettler>(*drop_door_, drop_caller_);
  drop_ = std::make_unique<drop::FileDrop>(drop::FileDrop::Parts{*drop_settler_, *clock_, metrics_}, config);
  drop_->Start();
}

absl::Status BrokerHost::Close() {
  Shutdown(config_.drain.timeout);
  return broker_->TakeLastCheckpoint();
}

void BrokerHost::Shutdown(DurationMs patience) {
  if (std::exchange(shut_down_, true)) return;
  const int64_t end = ElapsedMicros() / 1000 + patience;
  const auto left = [end] { return std::max<DurationMs>(end - ElapsedMicros() / 1000, 0); };
  serving_.store(false);
  StopCallers(left);
  caretaker_.reset();
  // Before the targets, which the forwarder lets go.
  if (beater_ != nullptr) beater_->Stop();
  // Before the committer: it writes what was answered.
  if (forwarder_ != nullptr) forwarder_->Stop(left());
  warm_up_.request_stop();
  if (warm_up_.joinable()) warm_up_.join();
  if (broker_ != nullptr) broker_->StopCommitter();
  executor_.reset();
  checks_.reset();
  background_.reset();
  backups_.reset();
}

// While the committer runs: all of them wait for its answers.
void BrokerHost::StopCallers(absl::FunctionRef<DurationMs()> left) {
  drop_.reset();  // behind the batch at hand
  if (incoming_ != nullptr) incoming_->Drain();
  if (rpc_ != nullptr) rpc_->BeginDrain();
  if (web_ != nullptr) web_->BeginDrain();
  if (incoming_ != nullptr) incoming_->StopPolling(left());  // before the broker refuses what is in hand
  if (broker_ != nullptr) broker_->BeginDrain();
  if (rpc_ != nullptr) rpc_->Shutdown(left());
  if (web_ != nullptr) web_->Shutdown(left());
}

}  // namespace tokenbroker
