#include "server/pages/routes.h"

#include <memory>

#include "base/status_macros.h"
#include "server/calls/errors.h"
#include "server/http/lane_home.h"
#include "server/pages/accept.h"
#include "server/pages/answers.h"

namespace tokenbroker::pages {
namespace {

// What a visit needs until it is answered.
struct Held {
  explicit Held(http::ExchangePtr the_exchange) : exchange(std::move(the_exchange)), home(exchange->home()) {}

  http::ExchangePtr exchange;
  http::LaneHome home;
};

std::string FieldOf(const http::Request& request, std::string_view name) {
  return std::string(request.Find(name).value_or(std::string_view()));
}

Request ReadRequest(Action action, http::Exchange& exchange) {
  const http::Request& from = exchange.request();
  Request request;
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

http::Response ResponseOf(Answer answer) {
  http::Response response{answer.status, answer.content_type, {}, std::move(answer.body)};
  for (const auto& [name, value] : answer.headers) response.AddHeader(name, value);
  return response;
}

void Handle(const CallbackDoor& door, const CallerOf& caller_of, Action action, http::ExchangePtr exchange) {
  const broker::Principal* const principal = caller_of(*exchange);
  Request request = ReadRequest(action, *exchange);
  if (principal == nullptr) {
    const broker::Refusal refusal = calls::CredentialsUnknown();
    const bool page = WantsPage(request.accept, request.post);
    return exchange->Answer(ResponseOf(page ? PageRefusal(refusal) : JsonRefusal({refusal})));
  }
  const auto held = std::make_shared<Held>(std::move(exchange));
  door.Handle(std::move(request), *principal, held->home,
              [held](Answer answer) { held->exchange->Answer(ResponseOf(std::move(answer))); });
}

}  // namespace

absl::Status AddRoutes(const CallbackDoor& door, CallerOf caller_of, http::Router& router) {
  const auto add = [&](http::Method method, Action action) {
    const std::string path = action == Action::kPage ? "/c/{token}" : "/c/{token}/" + std::string(NameOf(action));
    return router.Add({.method = method, .path = path, .handle = [&door, caller_of, action](http::ExchangePtr exchange) {
                         Handle(door, caller_of, action, std::move(exchange));
                       }});
  };
  for (const Action action : {Action::kPage, Action::kSucceed, Action::kFail, Action::kHeartbeat}) {
    TB_RETURN_IF_ERROR(add(http::Method::kGet, action));
    if (action != Action::kPage) TB_RETURN_IF_ERROR(add(http::Method::kPost, action));
  }
  return absl::OkStatus();
}

}  // namespace tokenbroker::pages
