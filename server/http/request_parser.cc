#include "server/http/request_parser.h"

#include <algorithm>
#include <boost/beast/http/error.hpp>
#include <charconv>
#include <utility>

#include "server/http/too_long.h"

namespace tokenbroker::http {
namespace {

namespace beast = boost::beast;
using beast::http::field;

std::string_view Trimmed(std::string_view text) {
  const size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  const size_t end = text.find_last_not_of(" \t");
  return text.substr(begin, end == std::string_view::npos ? 0 : end + 1 - begin);
}

bool IsAlphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// RFC 3986 has no others, and we take none as they are that ought to be escaped, but for those that browsers send.
bool IsTargetByte(char c) { return c > 0x20 && c < 0x7f && c != '#' && c != '<' && c != '>' && c != '"' && c != '\\'; }

// A name or an address, perhaps a port; also nothing at all (RFC 9110 7.2). No user, no path.
bool IsAuthority(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return IsAlphanumeric(c) || std::string_view("-._~!$&'()*+,;=:[]%").find(c) != std::string_view::npos;
  });
}

}  // namespace

RequestParser::RequestParser(Request& request) : request_(request) {
  Base::eager(false);
  // Both are ours to judge.
  Base::body_limit(boost::none);
  Base::header_limit(UINT32_MAX);
}

void RequestParser::Refuse(int status, std::string message, Error& error) {
  refusal_ = Refusal{status, std::move(message)};
  error = beast::http::error::bad_field;
}

std::optional<RequestParser::Refusal> RequestParser::ParseHead(std::string_view head, const Limits& limits) {
  limits_ = &limits;
  Error error;
  Base::put({head.data(), head.size()}, error);
  if (!error) return std::nullopt;
  return refusal_.has_value() ? refusal_ : WhyBeastRefused(head, error);
}

std::optional<RequestParser::Refusal> RequestParser::WhyBeastRefused(std::string_view head, const Error& error) const {
  namespace http = beast::http;
  if (error == http::error::bad_version) {
    // "HTTP/2.0": well-formed, but not spoken here.
    const std::string_view line = head.substr(0, head.find('\r'));
    const std::string_view version = line.substr(line.rfind(' ') + 1);
    const bool three_parts = std::count(line.begin(), line.end(), ' ') == 2;
    if (three_parts && version.size() == 8 && version.substr(0, 5) == "HTTP/")
      return Refusal{505, "only HTTP/1.0 and HTTP/1.1"};
    return Refusal{400, "the request line does not end with a version"};
  }
  if (error == http::error::bad_method) return Refusal{400, "the request line does not begin with a method"};
  if (error == http::error::bad_target) return Refusal{400, "the target is malformed"};
  if (error == http::error::bad_content_length) return Refusal{400, "Content-Length is no number"};
  if (error == http::error::bad_field) return Refusal{400, "the name of a header field is malformed"};
  return Refusal{400, "the head is malformed"};
}

void RequestParser::on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target,
                                    int version, Error& error) {
  const std::optional<Method> known = MethodOf(method);
  request_.minor_version = version - 10;
  if (target.size() > limits_->target_bytes) return Refuse(414, TargetTooLong(*limits_), error);
  if (!known.has_value()) return Refuse(501, "this method is not known here", error);
  request_.method = *known;
  TakeTarget(target, error);
}

void RequestParser::TakeTarget(std::string_view target, Error& error) {
  if (!std::all_of(target.begin(), target.end(), IsTargetByte)) {
    return Refuse(400, "the target has a character that has to be escaped", error);
  }
  if (target == "*" && request_.method == Method::kOptions) {
    whole_server_ = true;
    return;
  }
  if (target.front() == '/') {
    const size_t mark = std::min(target.find('?'), target.size());
    request_.path = target.substr(0, mark);
    request_.query = target.substr(std::min(mark + 1, target.size()));
    return;
  }
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (SameName(target.substr(0, scheme.size()), scheme)) return TakeAbsolute(target.substr(scheme.size()), error);
  }
  Refuse(400, "the target is neither a path nor an http URL", error);
}

void RequestParser::TakeAbsolute(std::string_view rest, Error& error) {
  const size_t end = std::min(rest.find_first_of("/?"), rest.size());
  const std::string_view authority = rest.substr(0, end);
  if (authority.empty() || !IsAuthority(authority)) return Refuse(400, "the target has no host", error);
  authority_ = authority;
  rest.remove_prefix(end);
  const size_t mark = std::min(rest.find('?'), rest.size());
  request_.path = mark == 0 ? std::string_view("/") : rest.substr(0, mark);
  request_.query = rest.substr(std::min(mark + 1, rest.size()));
}

void RequestParser::on_field_impl(field name, beast::string_view text, beast::string_view value, Error& error) {
  request_.headers.push_back({text, value});
  switch (name) {
    case field::host:
      return TakeHost(value, error);
    case field::content_length:
      return TakeLength(value, error);
    case field::transfer_encoding:
      return TakeTransferEncoding(value, error);
    case field::content_encoding:
      return TakeContentEncoding(value, error);
    case field::expect:
      return TakeExpect(value, error);
    case field::connection:
      return TakeConnection(value);
    default:
      return;
  }
}

void RequestParser::TakeHost(std::string_view value, Error& error) {
  if (has_host_) return Refuse(400, "Host is there twice", error);
  if (!IsAuthority(value)) return Refuse(400, "Host is malformed", error);
  has_host_ = true;
}

void RequestParser::TakeLength(std::string_view value, Error& error) {
  if (has_length_) return Refuse(400, "Content-Length is there twice", error);
  has_length_ = true;
  const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), length_);
  if (value.empty() || failed != std::errc() || end != value.data() + value.size()) {
    Refuse(400, "Content-Length is no number", error);
  }
}

void RequestParser::TakeTransferEncoding(std::string_view value, Error& error) {
  if (has_encoding_) return Refuse(400, "Transfer-Encoding is there twice", error);
  has_encoding_ = true;
  chunked_ = SameName(value, "chunked");
  if (chunked_) return;
  // Whoever ends with chunked says at least where the body ends.
  const std::string_view last = Trimmed(value.substr(std::min(value.rfind(',') + 1, value.size())));
  if (SameName(last, "chunked")) return Refuse(501, "no transfer coding but chunked is known here", error);
  Refuse(400, "Transfer-Encoding does not end with chunked", error);
}

void RequestParser::TakeContentEncoding(std::string_view value, Error& error) {
  if (gzip_) return Refuse(415, "Content-Encoding is there twice", error);
  if (value.empty() || SameName(value, "identity")) return;
  gzip_ = SameName(value, "gzip") || SameName(value, "x-gzip");
  if (!gzip_) Refuse(415, "no content coding but gzip is known here", error);
}

void RequestParser::TakeExpect(std::string_view value, Error& error) {
  if (request_.minor_version == 0) return;
  if (!SameName(value, "100-continue")) return Refuse(417, "nothing but 100-continue can be expected", error);
  wants_continue_ = true;
}

void RequestParser::TakeConnection(std::string_view value) {
  while (!value.empty()) {
    const size_t end = std::min(value.find(','), value.size());
    const std::string_view option = Trimmed(value.substr(0, end));
    close_ = close_ || SameName(option, "close");
    keep_ = keep_ || SameName(option, "keep-alive");
    value.remove_prefix(std::min(end + 1, value.size()));
  }
}

void RequestParser::on_header_impl(Error& error) {
  keep_alive_ = !close_ && (request_.minor_version == 1 || keep_);
  if (has_encoding_ && has_length_) {
    return Refuse(400, "Content-Length and Transfer-Encoding say different things", error);
  }
  if (has_encoding_ && request_.minor_version == 0) return Refuse(400, "HTTP/1.0 knows no Transfer-Encoding", error);
  if (!has_host_ && request_.minor_version == 1) return Refuse(400, "Host is missing", error);
  if (!authority_.empty()) ReplaceHost();
}

// The target's authority counts, whatever Host says (RFC 9112 3.2.2).
void RequestParser::ReplaceHost() {
  for (Header& header : request_.headers) {
    if (SameName(header.name, "host")) header.value = authority_;
  }
  if (!has_host_) request_.headers.push_back({"Host", authority_});
}

}  // namespace tokenbroker::http
