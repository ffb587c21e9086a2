// A curl handle and the requests that it is used for, one after the other. What stays the same from one to the next is
// not set again: a target's requests differ in little.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/outbound/curl_client.h"
#include "server/outbound/http_client.h"

namespace tokenbroker::outbound {

class CurlTransfer {
 public:
  // `options` must outlive this.
  explicit CurlTransfer(const CurlOptions& options);
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  // The next request, once the one before has ended. False if its URL or a header cannot be sent; Fail(kBadRequest)
  // then says why.
  bool Prepare(HttpRequest request, HttpClient::Done done);
  CURL* handle() const { return handle_.get(); }
  bool under_way() const { return done_ != nullptr; }

  // Each ends the request: what came of it, or a failure of the client's own, with what is to be told of it. Everything
  // is ready for the next one when it is told.
  struct Ended {
    HttpClient::Done done;
    HttpResult result;
    void Tell() { done(std::move(result)); }
  };
  Ended Finish(CURLcode code);
  Ended Fail(HttpResult::Failure failure);

 private:
  struct FreeHandle {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  };

  void SetUpForAll();
  void SetUp(const HttpRequest& before);
  bool SetHeaders();
  void AddLine(std::string_view name, std::string_view between, std::string_view value);
  Ended End(HttpResult result);

  // What curl calls; `self` is the transfer.
  static size_t OnBody(char* data, size_t size, size_t count, void* self);
  static size_t OnHeader(char* data, size_t size, size_t count, void* self);
  static curl_socket_t OnSocket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int OnRequest(void* self, char* peer_address, char* own_address, int peer_port, int own_port);

  HttpResult::Failure FailureOf(CURLcode code) const;
  bool WasSent() const;

  // What is known of one request.
  struct Course {
    // A line of a head or a trailer, without its end.
    void TakeHeaderLine(absl::string_view line);

    HttpResponse response;
    std::string why;
    size_t header_bytes = 0;
    // The empty line after the fields has come: curl takes a head that is cut off for a complete one.
    bool head_complete = false;
    // How often curl has begun to send it: more than once if a kept connection died.
    int sendings = 0;
    // An address that the guard did not allow; empty: none was asked for.
    std::string forbidden;
    bool too_large = false;
    // We have ended the transfer, in a body that does not matter.
    bool heard_enough = false;
  };

  const std::unique_ptr<CURL, FreeHandle> handle_;
  const CurlOptions& options_;
  // Without headers and body when it has ended: what the handle is set to.
  HttpRequest request_;
  bool set_up_ = false;
  HttpClient::Done done_;
  // The header's lines, each with a zero behind it, and curl's list of them.
  std::string lines_;
  std::vector<curl_slist> list_;
  Course course_;
  char error_[CURL_ERROR_SIZE] = {};
};

}  // namespace tokenbroker::outbound
