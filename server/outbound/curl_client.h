// The HTTP client on libcurl's multi interface, and the timers of those who use it: one thread for all requests,
// connections kept and used again.
//
//   TB_ASSIGN_OR_RETURN(auto client, CurlClient::Start({}));
//   client->Send(request, done);
//
// HTTP/1.1. Certificates are checked against the machine's authorities, or those of `ca_file`. Nothing is taken from
// the process's environment: no proxy, no .netrc. `done` and jobs run on the client's thread, one at a time.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/outbound/http_client.h"
#include "server/outbound/timers.h"

namespace tokenbroker::outbound {

struct CurlOptions {
  // Beyond it requests fail with kOverloaded.
  int requests_under_way = 4'096;
  // Beyond these, requests wait for a connection, within their time.
  int connections_per_host = 128;
  int connections = 512;
  // A connection that was idle for longer is not used again: under it a request may die that was sent already.
  DurationMs idle_time = 20'000;
  // PEM; empty: the machine's.
  std::string ca_file;
  // "http://proxy.internal:3128"; empty: none.
  std::string proxy;
  // What is not asked through it: this machine, and where clouds give credentials to their machines.
  std::string no_proxy =
      "localhost,127.0.0.0/8,::1,169.254.169.254,169.254.170.2,169.254.170.23,fd00:ec2::23,fd00:ec2::254";
  std::string user_agent = "tokenbroker";
  // What tools show for the client's thread; a literal of at most 15 characters.
  const char* thread_name = "outbound";
};

class CurlClient : public HttpClient, public Timers {
 public:
  static absl::StatusOr<std::unique_ptr<CurlClient>> Start(CurlOptions options);

  // Requests under way end with kClosed; jobs that wait are dropped. Not on the client's own thread.
  ~CurlClient() override;

  void Send(HttpRequest request, Done done) override;
  void After(DurationMs time, std::function<void()> job) override;

 private:
  class Loop;
  explicit CurlClient(std::unique_ptr<Loop> loop);
  const std::unique_ptr<Loop> loop_;
};

}  // namespace tokenbroker::outbound
