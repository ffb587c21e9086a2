// One broker with everything around it: store, clock, keys, threads, doors. Opens in that order and closes in the
// other.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "base/executor.h"
#include "base/system_clock.h"
#include "server/admin/admin_server.h"
#include "server/broker/broker.h"
#include "server/broker/token_codec.h"
#include "server/calls/authenticator.h"
#include "server/calls/backups.h"
#include "server/config/config.h"
#include "server/drop/door_settler.h"
#include "server/drop/file_drop.h"
#include "server/forward/beater.h"
#include "server/forward/forwarder.h"
#include "server/host/caretaker.h"
#include "server/host/delivery_observer.h"
#include "server/host/incoming.h"
#include "server/host/metrics_observer.h"
#include "server/host/outgoing.h"
#include "server/rpc/rpc_server.h"
#include "server/web/web_server.h"
#include "storage/token_store.h"

namespace tokenbroker {

class BrokerHost {
 public:
  // Serves when this returns. The admin port answers from the beginning, so that a long recovery does not look like a
  // dead process. `bench_null`: see calls::Door.
  static absl::StatusOr<std::unique_ptr<BrokerHost>> Open(const Config& config, bool bench_null = false);
  ~BrokerHost();

  int grpc_port() const { return rpc_->port(); }
  // 0: off.
  int http_port() const { return web_ == nullptr ? 0 : web_->port(); }
  // 0: off.
  int admin_port() const { return admin_ == nullptr ? 0 : admin_->port(); }

  // Lets calls under way end, for at most drain.timeout, and writes a last checkpoint.
  absl::Status Close();

 private:
  explicit BrokerHost(const Config& config);

  absl::Status StartAdmin();
  absl::Status OpenStore();
  absl::Status OpenKeys();
  absl::Status OpenBroker();
  absl::Status OpenForwarder();
  calls::Door MakeDoor(bool bench_null);
  absl::Status StartDoors(bool bench_null);
  void StartFileDrop();
  std::vector<ReadinessCheck> CheckReadiness() const;
  // Ends all threads: who calls goes before who is called. Waits for at most `patience` for what is under way. Does
  // nothing the second time.
  void Shutdown(DurationMs patience);
  void StopCallers(absl::FunctionRef<DurationMs()> left);

  const Config config_;
  std::string key_file_;
  MetricsRegistry registry_;
  BrokerMetrics metrics_;
  DeliveryMetrics delivery_metrics_;
  std::atomic<bool> serving_{false};
  bool shut_down_ = false;
  std::unique_ptr<storage::TokenStore> store_;
  std::unique_ptr<SystemClock> clock_;
  std::unique_ptr<broker::TokenCodec> codec_;
  std::unique_ptr<ThreadPool> executor_;
  std::unique_ptr<ThreadPool> checks_;
  std::unique_ptr<ThreadPool> background_;
  std::unique_ptr<calls::Backups> backups_;
  std::unique_ptr<MetricsObserver> observer_;
  std::unique_ptr<DeliveryObserver> delivery_observer_;
  std::unique_ptr<Outgoing> outgoing_;
  std::unique_ptr<broker::Broker> broker_;
  std::unique_ptr<forward::Beater> beater_;
  std::unique_ptr<forward::Forwarder> forwarder_;
  std::unique_ptr<Caretaker> caretaker_;
  std::jthread warm_up_;
  std::unique_ptr<calls::Authenticator> authenticator_;
  std::unique_ptr<rpc::RpcServer> rpc_;
  std::unique_ptr<Incoming> incoming_;
  std::unique_ptr<web::WebServer> web_;
  std::optional<calls::Door> drop_door_;
  broker::Principal drop_caller_;
  std::unique_ptr<drop::DoorSettler> drop_settler_;
  std::unique_ptr<drop::FileDrop> drop_;
  std::unique_ptr<AdminServer> admin_;
};

}  // namespace tokenbroker
