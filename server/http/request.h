// A request as a handler sees it: views of the bytes that came. They end when the handler returns; keep copies.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tokenbroker::http {

enum class Method : uint8_t { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions };
inline constexpr int kMethods = 7;

std::string_view NameOf(Method method);
// Names are case-sensitive.
std::optional<Method> MethodOf(std::string_view name);

// Names of header fields are compared without regard to case.
bool SameName(std::string_view a, std::string_view b);

struct Header {
  std::string_view name;
  std::string_view value;
};

struct PathVariable {
  std::string_view name;
  // Decoded. Never empty.
  std::string_view value;
};

struct Request {
  Method method = Method::kGet;
  // HTTP/1.x
  int minor_version = 1;
  // As sent: encoded, without the query.
  std::string_view path;
  // As sent, without the question mark. ParseQuery (path.h) takes it apart.
  std::string_view query;
  std::vector<Header> headers;
  std::vector<PathVariable> variables;
  // Complete, inflated; empty while a streamed body is to come.
  std::string_view body;

  // The first field of that name.
  std::optional<std::string_view> Find(std::string_view name) const;
  // Empty if the template has no such variable.
  std::string_view Variable(std::string_view name) const;
};

// Who is at the other end.
struct Peer {
  // "192.0.2.1:4711", "[2001:db8::1]:4711".
  std::string address;
  bool tls = false;
  // Of a verified client certificate: DNS names and URIs among its alternative names, or else its common name.
  std::vector<std::string> certificate_names;
};

}  // namespace tokenbroker::http
