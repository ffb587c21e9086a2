#include "server/web/http_observer.h"

#include "server/http/router.h"

namespace tokenbroker::web {
namespace {

// Telemetry knows nothing of HTTP: the reasons are the same, in the same order.
static_assert(static_cast<int>(http::Hangup::kTooMany) == static_cast<int>(HttpHangup::kTooMany));
static_assert(static_cast<int>(http::Hangup::kEvicted) == static_cast<int>(HttpHangup::kEvicted));
static_assert(static_cast<int>(http::Hangup::kHandshake) == static_cast<int>(HttpHangup::kHandshake));
static_assert(static_cast<int>(http::Hangup::kTooSlow) == static_cast<int>(HttpHangup::kTooSlow));
static_assert(static_cast<int>(http::Hangup::kReset) == static_cast<int>(HttpHangup::kReset));
static_assert(static_cast<int>(http::Hangup::kUnsent) == static_cast<int>(HttpHangup::kUnsent));

}  // namespace

void HttpObserver::OnAnswered(const http::Route* route, int status, int64_t micros) {
  MetricsOf(route).OnDone(status, static_cast<double>(micros) * 1e-6);
}

void HttpObserver::OnHangup(http::Hangup why) { metrics_.http_hangups(static_cast<HttpHangup>(why)).Increment(); }

RouteMetrics& HttpObserver::MetricsOf(const http::Route* route) {
  const std::lock_guard<std::mutex> lock(mutex_);
  RouteMetrics*& metrics = routes_[route];
  if (metrics == nullptr) metrics = &metrics_.http_route(route == nullptr ? "none" : route->name);
  return *metrics;
}

}  // namespace tokenbroker::web
