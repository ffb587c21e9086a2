// An HTTP server on loopback that misbehaves as it is told: each request is met by the next step of its script, and by
// the last one from then on.
//
//   FaultServer server({Step::Cut(Step::When::kAfterRequest), Step::Answer(200, "{}")});
//   ... server.url() ...
//   server.TakeRequest().body
#pragma once

#include <openssl/ssl.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace tokenbroker::outbound {

struct Step {
  enum class When {
    kBeforeRequest,  // the connection ends before a byte of the request is read
    kDuringRequest,  // after the first bytes
    kAfterRequest,   // after all of it, without an answer
    kNever,
  };
  When cut = When::kNever;
  // All that is sent, bytes and all. Empty: nothing, until the peer goes away.
  std::string answer;
  // Then the connection ends, in the middle of things or not.
  bool close = false;

  static Step Cut(When when) { return {when, "", true}; }
  static Step Silence() { return {}; }
  static Step Raw(std::string answer) { return {When::kNever, std::move(answer), true}; }
  // With a right Content-Length.
  static Step Answer(int status, std::string_view body, std::string_view headers = "");
};

struct SeenRequest {
  // "POST / HTTP/1.1" and the fields.
  std::string head;
  std::string body;

  // The first field of that name, whatever its case; empty if there is none.
  std::string Field(std::string_view name) const;
};

class FaultServer {
 public:
  // With PEM texts: HTTPS.
  explicit FaultServer(std::vector<Step> script, const std::string& certificate_pem = "",
                       const std::string& key_pem = "");
  ~FaultServer();
  FaultServer(const FaultServer&) = delete;

  uint16_t port() const { return port_; }
  // "http://127.0.0.1:4711", or https with localhost.
  std::string url() const;

  // The next complete request; waits for it.
  SeenRequest TakeRequest();
  // Complete ones, taken or not.
  size_t requests();
  size_t connections();

 private:
  class Peer;

  void Accept();
  void Serve(int fd);
  // False when the connection is to end.
  bool ServeOne(Peer& peer);
  Step NextStep();

  int listener_ = -1;
  uint16_t port_ = 0;
  SSL_CTX* tls_ = nullptr;

  std::mutex mutex_;
  std::condition_variable some_;
  std::deque<Step> script_;         // guarded by mutex_
  std::deque<SeenRequest> seen_;    // guarded by mutex_
  std::vector<int> open_;           // guarded by mutex_
  size_t requests_ = 0;             // guarded by mutex_
  size_t connections_ = 0;          // guarded by mutex_
  bool stopping_ = false;           // guarded by mutex_
  std::vector<std::thread> peers_;  // guarded by mutex_ until the acceptor has ended
  std::thread acceptor_;
};

}  // namespace tokenbroker::outbound
