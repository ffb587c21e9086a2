// Which call a request is for:
//
//   TB_ASSIGN_OR_RETURN(const RouteTable table, ContractRoutes());
//   const Found found = table.Find("POST", "/v1/tokens/abc:succeed");
//   if (found.route == nullptr) ... found.allow, found.hint ...
//   v1::SucceedRequest request;  // or of found.route->method->input_type()
//   TB_RETURN_IF_ERROR(Bind(found, query, body, request));
//
// Made from the google.api.http annotations of the contract; nothing else says what there is.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/rest/route.h"

namespace tokenbroker::rest {

// More have no meaning in any path of the contract.
inline constexpr size_t kMaxSegments = 8;
inline constexpr size_t kMaxVariables = 4;

struct Found {
  // nullptr: there is none.
  const Route* route = nullptr;
  // Of the route's variables, in their order; still encoded, and views into the path that was looked for.
  std::array<std::string_view, kMaxVariables> values;

  // If there is no route because only other methods have this path: these, as the header `Allow` wants them ("GET,
  // POST"). The answer is then 405, else 404.
  std::string allow;
  // What was probably meant: "POST /v1/tokens/{token}:succeed". May be empty.
  std::string hint;
};

// Constant once made: safe for any number of threads.
class RouteTable {
 public:
  // Every rule of every method, with its additional bindings. INVALID_ARGUMENT if a rule is none, if two rules claim
  // the same requests, or if a literal stands where another path has a variable (then it would depend on the value
  // which is meant).
  static absl::StatusOr<RouteTable> Make(absl::Span<const google::protobuf::ServiceDescriptor* const> services);

  // `path` is that of the request, encoded, without "?" and what follows. A verb is what follows the last ':' of the
  // last segment if a route there has it; else the ':' is part of the value. As some proxies dislike ':', "/verb" does,
  // too, where nothing else fits.
  Found Find(std::string_view http_method, std::string_view path) const;

  // In the order of the contract.
  const std::vector<std::unique_ptr<const Route>>& routes() const { return routes_; }

 private:
  struct Node {
    std::vector<std::pair<std::string, size_t>> literals;
    size_t variable = 0;  // 0: none, as nothing leads back to the root
    std::vector<const Route*> routes;
  };
  struct Place;

  absl::Status AddRules(const google::protobuf::MethodDescriptor& method);
  absl::Status Add(Route route);
  absl::StatusOr<size_t> Grow(size_t node, const Segment& segment, const Route& route);
  bool Walk(absl::Span<const std::string_view> segments, Place& place) const;
  // Whether there are routes with this verb, and with this method unless it is empty.
  bool Reach(absl::Span<const std::string_view> segments, std::string_view verb, std::string_view http_method,
             Place& place) const;
  bool Locate(std::string_view http_method, std::string_view path, Place& place) const;
  std::string Hint(std::string_view http_method, std::string_view path) const;

  std::vector<std::unique_ptr<const Route>> routes_;
  std::vector<Node> nodes_ = std::vector<Node>(1);
};

// Of all services of the contract but those of gRPC itself.
absl::StatusOr<RouteTable> ContractRoutes();

}  // namespace tokenbroker::rest
