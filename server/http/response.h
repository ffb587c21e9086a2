// What a handler answers with, and what the server answers with when it refuses.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "server/http/reasons.h"

namespace tokenbroker::http {

// The server adds Date, Server, X-Request-Id, Content-Length or Transfer-Encoding, and Connection.
struct Response {
  int status = 200;
  // Must outlive the exchange: a literal, in practice. Empty: no Content-Type.
  std::string_view content_type;
  // Complete lines; AddHeader writes them.
  std::string headers;
  std::string body;

  // Control characters in the value become spaces: nobody can smuggle a line into an answer.
  void AddHeader(std::string_view name, std::string_view value);
};

// What the server, or a handler, has against a request.
struct Failure {
  int status = 500;
  // One of reasons.h.
  const char* reason = reason::kInternal;
  // For people; quotes nothing of the request.
  std::string message;
  // 404: the nearest known route. May be empty.
  std::string hint;
  // 405: the methods, for the Allow field. May be empty.
  std::string allow;
  // 503: for the Retry-After field, if positive.
  int retry_after_seconds = 0;
  // The exchange's, which the server knows. For forms that have a place of their own for it.
  std::string_view request_id = {};
};

// How a door words its failures. Called on any thread; must not throw.
using ErrorForm = std::function<Response(const Failure& failure)>;

// "404 not_found: ...", as text.
Response PlainErrorForm(const Failure& failure);

// `form`, with the header fields that the failure calls for.
Response FormFailure(const ErrorForm& form, Failure failure, std::string_view request_id);

// "Not Found"; empty if the code is not known.
std::string_view PhraseOf(int status);

}  // namespace tokenbroker::http
