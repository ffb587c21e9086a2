// Which handler a request goes to: a table of (method, path template).
//
//   router.Add({.method = Method::kPost, .path = "/v1/namespaces/{ns}/tasks/{id}:succeed", .handle = Succeed});
//
// A template's segments are literals, {variables}, and variables with a literal verb behind a colon. A literal wins
// over a variable with a verb, that over a plain variable; if the better one leads nowhere, the next is tried.
// Variables match one segment, never an empty one: %2F stays within it. HEAD goes to GET's handler unless it has its
// own; OPTIONS and everything that finds no route are answered by the server.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "server/http/exchange.h"
#include "server/http/request.h"
#include "server/http/response.h"

namespace tokenbroker::http {

// Runs on a thread of the server: it must not block. It may answer before it returns, or keep the exchange and answer
// later from any thread. If it drops the exchange unanswered, or throws, the answer is 500.
using Handle = std::function<void(ExchangePtr exchange)>;

enum class BodyMode : uint8_t {
  // The handler runs when all of it is there.
  kGathered,
  // The handler runs when the head is there, and asks for pieces.
  kStreamed,
};

struct Route {
  Method method = Method::kGet;
  std::string path;
  Handle handle;
  BodyMode body = BodyMode::kGathered;
  // -1: Limits::body_bytes, or unbounded if streamed.
  int64_t max_body_bytes = -1;
  // For whoever counts. Default: method and template.
  std::string name;
};

class Router {
 public:
  struct Match {
    enum class Kind : uint8_t { kFound, kUnknown, kOtherMethod, kBadPath };
    Kind kind = Kind::kUnknown;
    const Route* route = nullptr;
    // Bit i: Method i is there, for kOtherMethod and for OPTIONS.
    uint32_t methods = 0;
  };

  Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;
  ~Router();

  // INVALID_ARGUMENT for a template that is none, ALREADY_EXISTS for one that is there, under whatever variable names.
  absl::Status Add(Route route);

  // The form of failures below a path prefix, the longest counts; "/" for the root alone, "" for all, which also words
  // what is wrong with a head that could not be read.
  void SetErrorForm(std::string_view prefix, ErrorForm form);
  const ErrorForm& ErrorFormOf(std::string_view path) const;

  // Finds request.method and request.path, and sets request.variables, which view `scratch` or the path.
  Match Find(Request& request, std::string& scratch) const;

  // The template most like the path, with its method; of equally near ones that of `method`. Empty if none is.
  std::string Nearest(Method method, std::string_view path) const;

  // "GET, HEAD, OPTIONS"
  static std::string AllowOf(uint32_t methods);
  // Of all routes.
  uint32_t methods() const { return methods_; }

 private:
  struct Node;
  class Search;

  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<std::unique_ptr<Route>> routes_;
  std::vector<std::pair<std::string, ErrorForm>> forms_;
  uint32_t methods_ = 0;
};

}  // namespace tokenbroker::http
