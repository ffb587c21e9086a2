// One request on a curl handle.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>

#include "server/outbound/curl_client.h"
#include "server/outbound/http_client.h"

namespace tokenbroker::outbound {

class CurlTransfer {
 public:
  // `handle` is fresh or reset, and belongs to the caller; `options` must outlive this.
  CurlTransfer(CURL* handle, const CurlOptions& options, HttpRequest request, HttpClient::Done done);
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  // False if the URL or a header cannot be sent; Fail(kBadRequest) then says why.
  bool Prepare();
  CURL* handle() const { return handle_; }
  // Calls `done` with what came of it.
  void Finish(CURLcode code);
  // Calls `done` with a failure of the client's own.
  void Fail(HttpResult::Failure failure);

 private:
  struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  void SetUp();
  void SetMethod();
  bool AddHeaders();
  bool AddLine(const std::string& line);

  // What curl calls; `self` is the transfer.
  static size_t OnBody(char* data, size_t size, size_t count, void* self);
  static size_t OnHeader(char* data, size_t size, size_t count, void* self);
  static curl_socket_t OnSocket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int OnRequest(void* self, char* peer_address, char* own_address, int peer_port, int own_port);

  HttpResult::Failure FailureOf(CURLcode code) const;
  bool WasSent() const;

  CURL* const handle_;
  const CurlOptions& options_;
  const HttpRequest request_;
  const HttpClient::Done done_;
  std::unique_ptr<curl_slist, FreeList> lines_;
  HttpResponse response_;
  std::string why_;
  char error_[CURL_ERROR_SIZE] = {};
  size_t header_bytes_ = 0;
  // The empty line after the fields has come: curl takes a head that is cut off for a complete one.
  bool head_complete_ = false;
  // How often curl has begun to send it: more than once if a kept connection died.
  int sendings_ = 0;
  bool forbidden_ = false;
  bool too_large_ = false;
};

}  // namespace tokenbroker::outbound
