// What a connection reads: head, body, route. Whatever we take, Beast's own parser takes and reads alike: ours is only
// stricter.
#include <algorithm>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string>

#include "server/http/head_scanner.h"
#include "server/http/request_parser.h"
#include "server/http/router.h"
#include "tests/fuzz/fuzz.h"

namespace tokenbroker::http {
namespace {

namespace beast = boost::beast;
using State = HeadScanner::State;

const Limits kLimits{.header_bytes = 4'096, .header_count = 20, .target_bytes = 1'024};

const Router& Routes() {
  static const Router* const router = [] {
    auto* made = new Router;
    for (const char* path : {"/", "/v1/namespaces/{ns}/tasks/{id}", "/v1/namespaces/{ns}/tasks/{id}:succeed",
                             "/v1/namespaces/{ns}/tasks:batch", "/c/{token}/{action}"}) {
      TB_HOLDS(made->Add({.method = Method::kPost, .path = path}).ok());
    }
    return made;
  }();
  return *router;
}

struct Scan {
  State state;
  HeadScanner scanner;
};

Scan ScanInSteps(std::string_view input, size_t step) {
  Scan scan{State::kMore, {}};
  for (size_t size = 0; size < input.size() && scan.state == State::kMore;) {
    size = std::min(size + step, input.size());
    scan.state = scan.scanner.Scan(input.substr(0, size), kLimits);
  }
  return scan;
}

void CheckRoute(Request& request) {
  std::string scratch;
  const Router::Match match = Routes().Find(request, scratch);
  TB_HOLDS((match.kind == Router::Match::Kind::kFound) == (match.route != nullptr));
  for (const PathVariable& variable : request.variables) {
    TB_HOLDS(!variable.value.empty() && variable.value.find('\0') == std::string_view::npos);
  }
  Routes().Nearest(request.method, request.path);
}

struct Body {
  std::string bytes;
  size_t consumed = 0;
  bool complete = false;
  bool refused = false;
};

Body ReadBody(BodyDecoder decoder, std::string_view input, size_t step) {
  Body body;
  for (size_t end = 0; end < input.size() && !decoder.complete() && !body.refused;) {
    end = std::min(end + step, input.size());
    while (body.consumed < end && !decoder.complete() && !body.refused) {
      const BodyDecoder::Step taken = decoder.Decode(input.substr(0, end).substr(body.consumed));
      body.consumed += taken.consumed;
      body.bytes.append(taken.body);
      body.refused = taken.refused != nullptr;
      TB_HOLDS(taken.consumed > 0 || body.refused);
    }
  }
  body.complete = decoder.complete();
  return body;
}

// It keeps fields of one name together, and leaves Host as it is where an absolute target replaces it.
void CompareFields(const beast::http::request<beast::http::string_body>& other, const Request& request) {
  const beast::string_view target = other.target();
  const bool absolute = target.front() != '/' && target != "*";
  size_t fields = 0;
  for (const auto& field : other) {
    const bool replaced = absolute && field.name() == beast::http::field::host;
    TB_HOLDS(std::any_of(request.headers.begin(), request.headers.end(), [&](const Header& own) {
      return field.name_string() == beast::string_view(own.name) &&
             (replaced || field.value() == beast::string_view(own.value));
    }));
    ++fields;
  }
  const bool added = absolute && other.count(beast::http::field::host) == 0;
  TB_HOLDS(fields + (added ? 1 : 0) == request.headers.size());
  if (!absolute) return;
  const std::string_view host = *request.Find("host");
  TB_HOLDS(!host.empty() && target.substr(target.find("://") + 3).starts_with(beast::string_view(host)));
}

void CompareWithBeast(std::string_view head, std::string_view rest, const Request& request, const RequestParser& parser,
                      const Body& body) {
  beast::http::request_parser<beast::http::string_body> other;
  other.body_limit(boost::none);
  beast::error_code error;
  other.put(boost::asio::const_buffer(head.data(), head.size()), error);
  TB_HOLDS(!error || error == beast::http::error::need_more);
  TB_HOLDS(other.is_header_done());
  TB_HOLDS(other.chunked() == parser.chunked());
  TB_HOLDS(other.content_length().value_or(0) == parser.length());
  TB_HOLDS(other.get().method_string() == beast::string_view(NameOf(request.method)));
  TB_HOLDS(other.get().version() == unsigned(10 + request.minor_version));
  CompareFields(other.get(), request);
  if (!body.complete || rest.empty() || other.is_done()) return;
  other.eager(true);
  other.put(boost::asio::const_buffer(rest.data(), rest.size()), error);
  // It may refuse what is of no interest to us, in an extension or a trailer, but not read on.
  TB_HOLDS(error ? error != beast::http::error::need_more : other.is_done() && other.get().body() == body.bytes);
}

void Check(std::string_view input) {
  const Scan scan = ScanInSteps(input, input.size());
  const Scan slow = ScanInSteps(input, 1);
  // Limits may be noticed sooner in bytes that trickle in; verdicts are the same.
  TB_HOLDS((scan.state == State::kComplete) == (slow.state == State::kComplete));
  if (scan.state != State::kComplete) return;
  TB_HOLDS(scan.scanner.begin() == slow.scanner.begin() && scan.scanner.end() == slow.scanner.end());
  const std::string_view head = input.substr(0, scan.scanner.end()).substr(scan.scanner.begin());
  Request request;
  RequestParser parser(request);
  if (const auto refusal = parser.ParseHead(head, kLimits)) {
    TB_HOLDS(refusal->status >= 400 && refusal->status <= 505);
    return;
  }
  if (request.minor_version == 1) TB_HOLDS(request.Find("host").has_value());
  if (!parser.whole_server()) CheckRoute(request);
  const std::string_view rest = input.substr(scan.scanner.end());
  const Body whole = ReadBody(parser.body(), rest, input.size());
  const Body pieces = ReadBody(parser.body(), rest, 1);
  TB_HOLDS(whole.complete == pieces.complete && whole.refused == pieces.refused);
  TB_HOLDS(whole.bytes == pieces.bytes && whole.consumed == pieces.consumed);
  CompareWithBeast(head, rest, request, parser, whole);
}

}  // namespace
}  // namespace tokenbroker::http

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 0) tokenbroker::http::Check(tokenbroker::ViewOf(data, size));
  return 0;
}
