#include "server/http/acceptor.h"

#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/config/values.h"

namespace tokenbroker::http {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr auto kRetryAccept = std::chrono::milliseconds(100);
constexpr std::string_view kTurnedAway =
    "HTTP/1.1 503 Service Unavailable\r\nServer: tokenbroker\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: "
    "close\r\n\r\n";

absl::StatusOr<tcp::endpoint> Resolve(boost::asio::io_context& context, const std::string& listen) {
  TB_ASSIGN_OR_RETURN(const HostPort address, ParseHostPort(listen));
  tcp::resolver resolver(context);
  error_code error;
  const auto found = resolver.resolve(address.host, std::to_string(address.port), tcp::resolver::passive, error);
  if (error || found.empty()) {
    return absl::UnavailableError(absl::StrCat("cannot resolve ", address.host, ": ", error.message()));
  }
  return found.begin()->endpoint();
}

}  // namespace

Acceptor::Acceptor(std::vector<Lane*> lanes, std::optional<TlsContext> tls)
    : lanes_(std::move(lanes)),
      shared_(lanes_.front()->shared()),
      acceptor_(lanes_.front()->context()),
      retry_(lanes_.front()->context()),
      reload_(lanes_.front()->context()),
      tls_(std::move(tls)) {}

absl::Status Acceptor::Listen(const std::string& address) {
  TB_ASSIGN_OR_RETURN(const tcp::endpoint endpoint, Resolve(lanes_.front()->context(), address));
  error_code error;
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(boost::asio::socket_base::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(boost::asio::socket_base::max_listen_connections, error);
  if (error) return absl::UnavailableError(absl::StrCat("cannot listen on ", address, ": ", error.message()));
  port_ = acceptor_.local_endpoint(error).port();
  return absl::OkStatus();
}

void Acceptor::Start() {
  Accept();
  if (tls_.has_value()) ReloadTlsLater();
}

void Acceptor::Close() {
  error_code ignored;
  acceptor_.close(ignored);
  retry_.cancel();
  reload_.cancel();
}

void Acceptor::Accept() {
  Lane& lane = *lanes_[next_lane_++ % lanes_.size()];
  acceptor_.async_accept(lane.context(), [this, &lane](error_code error, tcp::socket socket) {
    if (error == boost::asio::error::operation_aborted || !acceptor_.is_open()) return;
    // A peer that is gone already is no trouble; being out of descriptors is.
    if (error && error != boost::asio::error::connection_aborted) return AcceptLater();
    if (!error) Take(std::move(socket), lane);
    Accept();
  });
}

void Acceptor::AcceptLater() {
  lanes_.front()->Evict();
  retry_.expires_after(kRetryAccept);
  retry_.async_wait([this](error_code error) {
    if (!error) Accept();
  });
}

void Acceptor::Take(tcp::socket socket, Lane& lane) {
  error_code error;
  socket.non_blocking(true, error);
  socket.set_option(tcp::no_delay(true), error);
  const bool full = shared_.connections.load(std::memory_order_acquire) >= shared_.options.limits.connections;
  if (full && !lanes_.front()->Evict()) return TurnAway(std::move(socket));
  const bool with_tls = tls_.has_value();
  const int fd = socket.native_handle();
  auto transport = with_tls ? MakeTlsTransport(fd, tls_->get().get()) : MakePlainTransport(fd);
  if (&lane == lanes_.front()) {
    return lane.Adopt(ConnectionPtr(new Connection(lane, std::move(socket), std::move(transport), with_tls)));
  }
  auto moved =
      std::make_shared<std::pair<tcp::socket, std::unique_ptr<Transport>>>(std::move(socket), std::move(transport));
  lane.Run([&lane, moved, with_tls] {
    lane.Adopt(ConnectionPtr(new Connection(lane, std::move(moved->first), std::move(moved->second), with_tls)));
  });
}

// As well as it can be done without waiting: what the peer has sent is read, or closing would take the answer back.
void Acceptor::TurnAway(tcp::socket socket) {
  shared_.observer->OnHangup(Hangup::kTooMany);
  if (tls_.has_value()) return;
  char ignored[4096];
  recv(socket.native_handle(), ignored, sizeof(ignored), MSG_DONTWAIT);
  send(socket.native_handle(), kTurnedAway.data(), kTurnedAway.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  shutdown(socket.native_handle(), SHUT_WR);
}

absl::Status Acceptor::ReloadTls() {
  if (!tls_.has_value()) return absl::OkStatus();
  const absl::StatusOr<bool> changed = tls_->Reload();
  reload_log_.Tell(changed);
  return changed.status();
}

void Acceptor::ReloadTlsLater() {
  reload_.expires_after(std::chrono::milliseconds(std::max<DurationMs>(shared_.options.tls.reload_interval, 1'000)));
  reload_.async_wait([this](error_code error) {
    if (error) return;
    (void)ReloadTls();
    ReloadTlsLater();
  });
}

}  // namespace tokenbroker::http
