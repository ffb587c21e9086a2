#include "server/http/server.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/system_clock.h"
#include "server/http/acceptor.h"
#include "server/http/lane.h"
#include "server/http/tls_context.h"

namespace tokenbroker::http {
namespace {

// Deadlines are about how long something took, not about what time it is.
class ElapsedClock final : public Clock {
 public:
  TimeMs Now() const override { return ElapsedMicros() / 1000; }
};

const ElapsedClock kElapsed;

// Between the server and its owner's observer: knows when the last connection is gone.
class ConnectionWatch final : public Observer {
 public:
  explicit ConnectionWatch(Observer* next) : next_(next) {}

  void OnAnswered(const Route* route, int status, int64_t micros) override {
    if (next_ != nullptr) next_->OnAnswered(route, status, micros);
  }
  void OnHangup(Hangup why) override {
    if (next_ != nullptr) next_->OnHangup(why);
  }
  void OnConnections(int delta) override {
    if (next_ != nullptr) next_->OnConnections(delta);
    const std::lock_guard<std::mutex> lock(mutex_);
    open_ += delta;
    if (open_ == 0) none_.notify_all();
  }
  void WaitForNone(DurationMs time) {
    std::unique_lock<std::mutex> lock(mutex_);
    none_.wait_for(lock, std::chrono::milliseconds(time), [this] { return open_ == 0; });
  }

 private:
  Observer* const next_;
  std::mutex mutex_;
  std::condition_variable none_;
  int open_ = 0;
};

}  // namespace

class Server::Impl {
 public:
  Impl(ServerOptions options, Router router) : watch_(options.observer), shared_(std::make_shared<Shared>()) {
    shared_->clock = options.clock == nullptr ? &kElapsed : options.clock;
    shared_->observer = &watch_;
    shared_->options = std::move(options);
    shared_->router = std::move(router);
  }
  ~Impl() { Shutdown(0); }

  absl::Status Start() {
    std::optional<TlsContext> tls;
    if (shared_->options.tls.enabled()) {
      TB_ASSIGN_OR_RETURN(tls, TlsContext::Load(shared_->options.tls));
    }
    std::vector<Lane*> lanes;
    for (int i = 0; i < std::max(shared_->options.threads, 1); ++i) {
      lanes_.push_back(std::make_shared<Lane>(shared_));
      lanes_.back()->SetSelf(lanes_.back());
      lanes.push_back(lanes_.back().get());
    }
    acceptor_ = std::make_unique<Acceptor>(lanes, std::move(tls));
    TB_RETURN_IF_ERROR(acceptor_->Listen(shared_->options.listen));
    acceptor_->Start();
    for (const auto& lane : lanes_) lane->Start();
    running_ = true;
    return absl::OkStatus();
  }

  uint16_t port() const { return acceptor_->port(); }
  int connections() const { return shared_->connections.load(std::memory_order_relaxed); }

  void Drain() {
    if (!running_) return;
    // Nobody is accepted any more when the lanes are told.
    OnLane(*lanes_.front(), [this] { acceptor_->Close(); });
    for (const auto& lane : lanes_) OnLane(*lane, [&lane] { lane->Drain(); });
  }

  void Shutdown(DurationMs grace) {
    if (!running_) return;
    Drain();
    watch_.WaitForNone(grace);
    running_ = false;
    for (const auto& lane : lanes_) lane->Stop();
    acceptor_.reset();
  }

  absl::Status ReloadTls() {
    absl::Status status;
    OnLane(*lanes_.front(), [&] { status = acceptor_->ReloadTls(); });
    return status;
  }

  void FireDeadlines() {
    for (const auto& lane : lanes_) {
      OnLane(*lane, [&lane] { lane->FireDeadlines(); });
      // What fired is served when the job is over.
      OnLane(*lane, [] {});
    }
  }

 private:
  // Returns when the job is done.
  static void OnLane(Lane& lane, const std::function<void()>& job) {
    std::promise<void> done;
    lane.Run([&] {
      job();
      done.set_value();
    });
    done.get_future().wait();
  }

  // The lanes live on in exchanges that handlers still hold; they may only touch what they share with the server.
  ConnectionWatch watch_;
  const std::shared_ptr<Shared> shared_;
  std::vector<std::shared_ptr<Lane>> lanes_;
  std::unique_ptr<Acceptor> acceptor_;
  bool running_ = false;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

absl::StatusOr<std::unique_ptr<Server>> Server::Start(ServerOptions options, Router router) try {
  auto impl = std::make_unique<Impl>(std::move(options), std::move(router));
  TB_RETURN_IF_ERROR(impl->Start());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
} catch (const std::exception& error) {
  // Asio throws when the machine gives it no descriptors or no thread.
  return absl::UnavailableError(absl::StrCat("cannot start: ", error.what()));
}

uint16_t Server::port() const { return impl_->port(); }
int Server::connections() const { return impl_->connections(); }
void Server::Drain() { impl_->Drain(); }
void Server::Shutdown(DurationMs grace) { impl_->Shutdown(grace); }
absl::Status Server::ReloadTls() { return impl_->ReloadTls(); }
void Server::FireDeadlines() { impl_->FireDeadlines(); }

}  // namespace tokenbroker::http
