#include "server/web/rest_door.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/calls/method_list.h"
#include "server/http/entity_tag.h"
#include "server/http/reasons.h"
#include "server/rest/openapi.h"
#include "server/web/rest_answer.h"
#include "server/web/settle_lines.h"
#include "server/web/watch_events.h"

namespace tokenbroker::web {
namespace {

constexpr char kWatch[] = "tokenbroker.v1.TaskService.WatchTasks";
constexpr char kSettle[] = "tokenbroker.v1.ResolverService.SettleStream";

std::string ShortName(std::string_view service) { return std::string(service.substr(service.rfind('.') + 1)); }

void ShowOpenApi(http::ExchangePtr exchange) {
  static const std::string tag = http::EntityTagOf(rest::OpenApiDocument());
  const bool known = http::MatchesEntityTag(exchange->request().Find("If-None-Match").value_or(""), tag);
  http::Response response;
  response.status = known ? 304 : 200;
  response.AddHeader("ETag", tag);
  if (!known) {
    response.content_type = kJson;
    response.body = rest::OpenApiDocument();
  }
  exchange->Answer(std::move(response));
}

// The server's router and the contract's table read most paths alike; where they do not (a letter of a literal that is
// escaped, a verb that only other methods have), the contract's reading counts.
void RefuseUnknown(const rest::Found& found, http::ExchangePtr exchange) {
  if (found.allow.empty()) {
    return exchange->Refuse({.status = 404,
                             .reason = http::reason::kNoSuchRoute,
                             .message = "nothing is at this path",
                             .hint = found.hint});
  }
  exchange->Refuse({.status = 405,
                    .reason = http::reason::kMethodNotAllowed,
                    .message = "this path takes other methods",
                    .allow = found.allow});
}

}  // namespace

absl::StatusOr<std::unique_ptr<RestDoor>> RestDoor::Make(const Shared& shared) {
  TB_ASSIGN_OR_RETURN(rest::RouteTable routes, rest::ContractRoutes());
  std::unique_ptr<RestDoor> door(new RestDoor(shared, std::move(routes)));
  door->AddMethods();
  return door;
}

void RestDoor::AddMethods() {
  calls::ForEachUnaryCall([this]<typename C>(const char* service, const char* method) {
    RestMethod& added = methods_[absl::StrCat(service, ".", method)];
    added.make = [](const calls::Call::Parts& parts) {
      return static_cast<calls::Call*>(google::protobuf::Arena::Create<C>(&parts.arena, parts));
    };
    added.metrics = &shared_.door.metrics.rpc(absl::StrCat(ShortName(service), "/", method));
    added.may_wait = C::kMayWait;
  });
}

http::Handle RestDoor::HandlerOf(const rest::Route& route) {
  const auto find = [this](const http::ExchangePtr& exchange) {
    const http::Request& request = exchange->request();
    // HEAD comes to GET's handler.
    const bool head = request.method == http::Method::kHead;
    return routes_.Find(head ? "GET" : http::NameOf(request.method), request.path);
  };
  const std::string name(route.method->full_name());
  if (name == kSettle) {
    return [this](http::ExchangePtr exchange) { SettleLines::Serve(shared_, std::move(exchange)); };
  }
  if (name == kWatch) {
    return [this, find, &route](http::ExchangePtr exchange) {
      const rest::Found found = find(exchange);
      if (found.route != &route) return RefuseUnknown(found, std::move(exchange));
      WatchEvents::Serve(shared_, found, std::move(exchange));
    };
  }
  return [this, find, &route, &method = methods_.at(name)](http::ExchangePtr exchange) {
    const rest::Found found = find(exchange);
    if (found.route != &route) return RefuseUnknown(found, std::move(exchange));
    RestCall::Serve(shared_, method, found, std::move(exchange));
  };
}

absl::Status RestDoor::Add(const rest::Route& route, const std::string& path, http::Router& router) {
  http::Route added;
  added.method = *http::MethodOf(route.http_method);
  added.path = path;
  added.handle = HandlerOf(route);
  added.name = absl::StrCat(route.http_method, " ", route.path);
  if (route.method->full_name() == kSettle) added.body = http::BodyMode::kStreamed;
  return router.Add(std::move(added));
}

absl::Status RestDoor::AddTo(http::Router& router) {
  for (const auto& route : routes_.routes()) {
    // Hints show it.
    const std::string path = rest::DocumentedPath(*route);
    TB_RETURN_IF_ERROR(Add(*route, path, router));
    if (route->verb.empty()) continue;
    // For proxies that dislike colons.
    const size_t colon = path.rfind(':');
    TB_RETURN_IF_ERROR(Add(*route, absl::StrCat(path.substr(0, colon), "/", route->verb), router));
  }
  router.SetErrorForm("", JsonFailure);
  return router.Add({.method = http::Method::kGet, .path = "/openapi.json", .handle = ShowOpenApi});
}

}  // namespace tokenbroker::web
