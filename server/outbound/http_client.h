// An HTTP client as those need it who deliver things: one try, and an honest word on what came of it.
//
//   client.Send({.method = "POST", .url = "https://example.com/hook", .headers = {{"Content-Type", "text/plain"}},
//                .body = "hello"},
//               [](HttpResult result) { if (result.answered()) ... result.response.status ... });
//
// CurlClient (curl_client.h) is the one that calls; tests have their own.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace tokenbroker::outbound {

class AddressGuard;

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "POST";
  // http or https, absolute; sent as it is, dot segments and all.
  std::string url;
  // Besides Host, Content-Length and Connection, which the client writes.
  HttpHeaders headers;
  std::string body;

  DurationMs connect_timeout = 5'000;
  // For all of it, from Send to the last byte of the answer.
  DurationMs timeout = 20'000;
  // A longer answer is a failure, kTooLarge.
  size_t max_answer_bytes = 64 * 1024;
  // False: of a longer body the rest is not read, and the answer counts all the same.
  bool body_matters = true;
  // Which addresses may be connected to; nullptr: any. A guarded request goes through no proxy.
  std::shared_ptr<const AddressGuard> guard;
};

struct HttpResponse {
  int status = 0;
  // In the order in which they came; names in lower case.
  HttpHeaders headers;
  std::string body;

  // The first field of that name, which is in lower case; empty if there is none.
  std::string_view Header(std::string_view name) const;
};

struct HttpResult {
  enum class Failure {
    kNone,
    kBadRequest,        // the URL, or a header, cannot be sent
    kOverloaded,        // this client has too much under way
    kForbiddenAddress,  // the guard says no
    kResolve,           // the name has no address
    kConnect,           // nobody listens, or no way there
    kTls,               // the peer cannot prove that it is who it should be
    kTimeout,
    kCut,        // the connection ended before the answer was complete
    kBadAnswer,  // what came is no HTTP
    kTooLarge,
    kClosed,  // the client is being closed
  };
  Failure failure = Failure::kNone;
  // For people, without anything of the request's URL, headers and body but the host.
  std::string message;
  // The peer may have acted on it although there is no answer.
  bool may_have_arrived = false;
  // There is an answer, but the request was sent twice: a kept connection died under it, and the peer may have acted on
  // the first copy.
  bool resent = false;
  HttpResponse response;

  bool answered() const { return failure == Failure::kNone; }
};

// "connection refused": short, for messages and labels.
std::string_view NameOf(HttpResult::Failure failure);

// Thread-safe.
class HttpClient {
 public:
  using Done = std::function<void(HttpResult)>;

  virtual ~HttpClient() = default;
  // Never blocks, follows no redirect. `done` is called once, on any thread, perhaps before Send returns; it must not
  // block.
  virtual void Send(HttpRequest request, Done done) = 0;
};

// What a Retry-After field says (RFC 9110, 10.2.3): seconds, or a date, of which `date`, the answer's own Date field,
// is subtracted, or `now` if there is none. 0 for what is no such value, or is past; at most a day.
DurationMs ParseRetryAfter(std::string_view value, std::string_view date, TimeMs now);
DurationMs RetryAfterOf(const HttpResponse& response, TimeMs now);

// "Sun, 06 Nov 1994 08:49:37 GMT"; 0 if it is no such date.
TimeMs ParseHttpDate(std::string_view text);

}  // namespace tokenbroker::outbound
