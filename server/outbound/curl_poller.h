// libcurl's sockets and its timer on epoll: a round costs what has happened in it, however many connections are kept
// and transfers wait.
//
//   poller.RunDue();        what libcurl wants to be called for by now, fresh transfers among it
//   poller.Await(1'000);    sleeps until something happens, and lets libcurl go on with it
//
// One thread, but for Wake. Must outlive the multi handle's sockets: the multi handle is to be cleaned up before.
#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace tokenbroker::outbound {

class CurlPoller {
 public:
  // nullptr if the machine has no descriptors left.
  static std::unique_ptr<CurlPoller> Make(CURLM* multi);
  ~CurlPoller();
  CurlPoller(const CurlPoller&) = delete;
  CurlPoller& operator=(const CurlPoller&) = delete;

  void RunDue();
  // For so long at most, and not beyond what libcurl's timer allows.
  void Await(int64_t at_most_ms);
  // Ends the sleep, or the next one if there is none. Thread-safe.
  void Wake();

 private:
  CurlPoller(CURLM* multi, int epoll, int wake);

  // What libcurl calls; `self` is the poller.
  static int OnSocket(CURL* handle, curl_socket_t socket, int what, void* self, void* unused);
  static int OnTimer(CURLM* multi, long timeout_ms, void* self);

  void Watch(curl_socket_t socket, uint32_t events);
  void Happened(curl_socket_t socket, uint32_t events);

  CURLM* const multi_;
  const int epoll_;
  const int wake_;
  // By descriptor: whether libcurl waits for it. What it waits for no longer stays with epoll until something happens
  // there, since kept connections are soon used again.
  std::vector<bool> wanted_;
  int64_t due_at_;  // elapsed microseconds
};

}  // namespace tokenbroker::outbound
