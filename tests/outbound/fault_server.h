// An HTTP server on loopback that misbehaves as it is told: each request is met by the next step of its script, and by
// the last one from then on.
//
//   FaultServer server({Step::Cut(Step::When::kAfterRequest), Step::Answer(200, "{}")});
//   ... server.url() ...
//   server.TakeRequest().body
//
// Or by whatever a function makes up as each request begins, and another once it is there:
//
//   FaultServer server([] { return Step::Decide([](const SeenRequest& request) { return Step::Answer(200, "{}"); });
//   });
#pragma once

#include <openssl/ssl.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace tokenbroker::outbound {

struct SeenRequest {
  // "POST / HTTP/1.1" and the fields.
  std::string head;
  std::string body;

  // The first field of that name, whatever its case; empty if there is none.
  std::string Field(std::string_view name) const;
};

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
  // Says what is done once all of the request is there. Called by many threads at once; may take its time.
  std::function<Step(const SeenRequest&)> decide;

  static Step Cut(When when) { return {when, "", true, nullptr}; }
  static Step Silence() { return {}; }
  static Step Raw(std::string answer) { return {When::kNever, std::move(answer), true, nullptr}; }
  static Step Decide(std::function<Step(const SeenRequest&)> decide) {
    return {When::kNever, "", false, std::move(decide)};
  }
  // With a right Content-Length.
  static Step Answer(int status, std::string_view body, std::string_view headers = "");
};

class FaultServer {
 public:
  // Makes up the next step as a request begins. Called by many threads at once.
  using Next = std::function<Step()>;

  explicit FaultServer(Next next, const std::string& certificate_pem = "", const std::string& key_pem = "");
  // With PEM texts: HTTPS.
  explicit FaultServer(std::vector<Step> script, const std::string& certificate_pem = "",
                       const std::string& key_pem = "");
  ~FaultServer();
  FaultServer(const FaultServer&) = delete;

  // Another certificate, from the next connection on. Of an HTTPS server only.
  void Show(const std::string& certificate_pem, const std::string& key_pem);

  uint16_t port() const { return port_; }
  // "http://127.0.0.1:4711", or https with localhost.
  std::string url() const;

  // The next complete request; waits for it. Those that a step has decided on are kept by nobody.
  SeenRequest TakeRequest();
  // Complete ones, taken or not.
  size_t requests();
  size_t connections();

 private:
  class Peer;

  void Accept();
  void JoinEnded();
  void Serve(int fd);
  // False when the connection is to end.
  bool ServeOne(Peer& peer);
  Step NextOfScript();

  const Next next_;
  int listener_ = -1;
  uint16_t port_ = 0;
  const bool secure_;

  std::mutex mutex_;
  std::condition_variable some_;
  SSL_CTX* tls_ = nullptr;        // guarded by mutex_
  std::deque<Step> script_;       // guarded by mutex_
  std::deque<SeenRequest> seen_;  // guarded by mutex_
  std::vector<int> open_;         // guarded by mutex_
  size_t requests_ = 0;           // guarded by mutex_
  size_t connections_ = 0;        // guarded by mutex_
  bool stopping_ = false;         // guarded by mutex_
  // Threads that have served their connection.
  std::vector<std::thread::id> ended_;            // guarded by mutex_
  std::map<std::thread::id, std::thread> peers_;  // the acceptor's until it has ended
  std::thread acceptor_;
};

}  // namespace tokenbroker::outbound
