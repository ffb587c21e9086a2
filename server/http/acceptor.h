// Accepts connections on the first lane's thread and gives them to the lanes in turn.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/http/lane.h"
#include "server/http/tls_context.h"
#include "server/tls/reload_log.h"

namespace tokenbroker::http {

class Acceptor {
 public:
  // All lanes must outlive this; `tls` may be absent.
  Acceptor(std::vector<Lane*> lanes, std::optional<TlsContext> tls);

  // Before the lanes run.
  absl::Status Listen(const std::string& address);
  uint16_t port() const { return port_; }

  // On the first lane's thread.
  void Start();
  void Close();
  absl::Status ReloadTls();

 private:
  void Accept();
  void AcceptLater();
  void Take(boost::asio::ip::tcp::socket socket, Lane& lane);
  void TurnAway(boost::asio::ip::tcp::socket socket);
  void ReloadTlsLater();

  const std::vector<Lane*> lanes_;
  Shared& shared_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer retry_;
  boost::asio::steady_timer reload_;
  std::optional<TlsContext> tls_;
  tls::ReloadLog reload_log_{"http"};
  uint16_t port_ = 0;
  size_t next_lane_ = 0;
};

}  // namespace tokenbroker::http
