#include "server/web/callback_routes.h"

#include <memory>
#include <string>
#include <utility>

#include "base/status_macros.h"
#include "server/calls/errors.h"
#include "server/pages/accept.h"
#include "server/pages/answers.h"
#include "server/web/caller.h"

namespace tokenbroker::web {
namespace {

using pages::Action;

std::string FieldOf(const http::Request& request, std::string_view name) {
  return std::string(request.Find(name).value_or(std::string_view()));
}

pages::Request ReadRequest(Action action, http::Exchange& exchange) {
  const http::Request& from = exchange.request();
  pages::Request request;
  request.post = from.method == http::Method::kPost;
  request.token = std::string(from.Variable("token"));
  request.action = action;
  request.accept = FieldOf(from, "accept");
  request.content_type = FieldOf(from, "content-type");
  request.origin = FieldOf(from, "origin");
  request.sec_fetch_site = FieldOf(from, "sec-fetch-site");
  request.host = FieldOf(from, "host");
  request.body = exchange.TakeBody();
  return request;
}

http::Response ResponseOf(pages::Answer answer) {
  http::Response response{answer.status, answer.content_type, {}, std::move(answer.body)};
  for (const auto& [name, value] : answer.headers) response.AddHeader(name, value);
  return response;
}

pages::Answer RefuseCredentials(const pages::Request& request) {
  const broker::Refusal refusal = calls::CredentialsUnknown();
  return pages::WantsPage(request.accept, request.post) ? pages::PageRefusal(refusal) : pages::JsonRefusal({refusal});
}

void Serve(const pages::CallbackDoor& door, const calls::Authenticator& authenticator, Action action,
           http::ExchangePtr exchange) {
  const broker::Principal* const caller = CallerOf(*exchange, authenticator);
  pages::Request request = ReadRequest(action, *exchange);
  if (caller == nullptr) return exchange->Answer(ResponseOf(RefuseCredentials(request)));
  Home& home = exchange->home();
  // The door's functions are copied; exchanges are not.
  const std::shared_ptr<http::Exchange> held = std::move(exchange);
  door.Handle(std::move(request), *caller, home,
              [held](pages::Answer answer) { held->Answer(ResponseOf(std::move(answer))); });
}

}  // namespace

absl::Status AddCallbackRoutes(const pages::CallbackDoor& door, const calls::Authenticator& authenticator,
                               http::Router& router) {
  const auto add = [&](http::Method method, Action action) {
    const std::string path = action == Action::kPage ? "/c/{token}" : "/c/{token}/" + std::string(NameOf(action));
    const auto serve = [&door, &authenticator, action](http::ExchangePtr exchange) {
      Serve(door, authenticator, action, std::move(exchange));
    };
    return router.Add({.method = method, .path = path, .handle = serve});
  };
  for (const Action action : {Action::kPage, Action::kSucceed, Action::kFail, Action::kHeartbeat}) {
    TB_RETURN_IF_ERROR(add(http::Method::kGet, action));
    if (action != Action::kPage) TB_RETURN_IF_ERROR(add(http::Method::kPost, action));
  }
  return absl::OkStatus();
}

}  // namespace tokenbroker::web
