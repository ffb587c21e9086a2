#include "server/rpc/health.h"

#include <utility>

namespace tokenbroker::rpc {
namespace {

namespace wire = grpc::health::v1;

grpc::Status Malformed() { return {grpc::StatusCode::INVALID_ARGUMENT, "the request is not a HealthCheckRequest"}; }

// Check: one question, one answer.
class HealthCheck : public StreamCall {
 public:
  HealthCheck(Parts parts, const Health& health) : StreamCall(std::move(parts)), health_(health) {}

 private:
  void OnBegan() override { Read(); }
  void OnRead(bool ok) override {
    wire::HealthCheckRequest request;
    if (!ok || ParseMessage(in(), request)) return End(Malformed());
    wire::HealthCheckResponse response;
    response.set_status(health_.Of(request.service()));
    if (response.status() == wire::HealthCheckResponse::SERVICE_UNKNOWN) {
      return End({grpc::StatusCode::NOT_FOUND, "there is no such service"});
    }
    Write(response);
  }
  void OnWritten(bool ok) override { End(grpc::Status()); }

  const Health& health_;
};

}  // namespace

// Watch: the status now, and after each change.
class HealthWatch : public StreamCall, private Visit {
 public:
  HealthWatch(Parts parts, Health& health) : StreamCall(std::move(parts)), health_(health) {}

  // Under the health's lock.
  void Changed() {
    if (!std::exchange(posted_, true)) thread().Post(*this);
  }

 private:
  ~HealthWatch() override = default;

  void OnBegan() override { Read(); }
  void OnRead(bool ok) override {
    if (ended_) return;  // the caller was gone before
    wire::HealthCheckRequest request;
    if (!ok || ParseMessage(in(), request)) {
      ended_ = true;
      return End(Malformed());
    }
    service_ = request.service();
    {
      std::lock_guard<std::mutex> lock(health_.mutex_);
      health_.watches_.insert(this);
    }
    Continue();
  }
  void OnWritten(bool ok) override {
    writing_ = false;
    Continue();
  }
  void OnGone() override {
    gone_ = true;
    Continue();
  }
  void Resume() override {
    {
      std::lock_guard<std::mutex> lock(health_.mutex_);
      posted_ = false;
    }
    Continue();
  }

  void Continue() {
    if (writing_ || ended_) return;
    if (gone_) return Leave();
    const Health::Status now = health_.Of(service_);
    if (now == told_) return;
    told_ = now;
    writing_ = true;
    wire::HealthCheckResponse response;
    response.set_status(now);
    Write(response);
  }
  void Leave() {
    {
      std::lock_guard<std::mutex> lock(health_.mutex_);
      health_.watches_.erase(this);
      if (posted_) return;  // comes by once more
    }
    ended_ = true;
    End({grpc::StatusCode::CANCELLED, "the caller went away"});
  }

  Health& health_;
  std::string service_;
  std::optional<Health::Status> told_;
  bool writing_ = false;
  bool gone_ = false;
  bool ended_ = false;
  bool posted_ = false;  // guarded by the health's lock
};

void Health::SetServing(bool serving) {
  std::lock_guard<std::mutex> lock(mutex_);
  serving_ = serving;
  for (HealthWatch* watch : watches_) watch->Changed();
}

Health::Status Health::Of(const std::string& service) const {
  if (services_.find(service) == services_.end()) return wire::HealthCheckResponse::SERVICE_UNKNOWN;
  std::lock_guard<std::mutex> lock(mutex_);
  return serving_ ? wire::HealthCheckResponse::SERVING : wire::HealthCheckResponse::NOT_SERVING;
}

void Health::AddTo(MethodTable& table) {
  table.Stream("Check", [this](StreamCall::Parts parts) { return new HealthCheck(std::move(parts), *this); });
  table.Stream("Watch", [this](StreamCall::Parts parts) { return new HealthWatch(std::move(parts), *this); });
}

}  // namespace tokenbroker::rpc
