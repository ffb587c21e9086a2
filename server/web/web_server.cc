#include "server/web/web_server.h"

#include <utility>

#include "base/status_macros.h"
#include "server/aws/task_operations.h"
#include "server/config/load.h"
#include "server/http/server.h"
#include "server/web/aws_route.h"
#include "server/web/bench_routes.h"
#include "server/web/callback_routes.h"
#include "server/web/event_route.h"
#include "server/web/http_observer.h"
#include "server/web/http_options.h"
#include "server/web/rest_door.h"

namespace tokenbroker::web {
namespace {

constexpr int64_t kUnfinishedLines = int64_t{256} << 20;

calls::Door As(DoorKind kind, calls::Door door) {
  door.kind = kind;
  return door;
}

}  // namespace

// Destroyed from the last to the first: the server before what its requests use.
struct WebServer::Impl {
  Impl(const calls::Door& door, const Config& config)
      : rest_calls(As(DoorKind::kRest, door)),
        aws_calls(As(DoorKind::kAws, door)),
        callback_calls(As(DoorKind::kCallback, door)),
        streams(door.max_watches),
        sleepers(door.broker),
        sites(config.http, !door.authenticator.wants_key()),
        observer(door.metrics),
        callbacks(callback_calls, {config.callbacks.show_input, config.callbacks.origins}) {}

  const calls::Door rest_calls;
  const calls::Door aws_calls;
  const calls::Door callback_calls;
  calls::Streams streams;
  calls::Sleepers sleepers;
  Budget unfinished_lines{kUnfinishedLines};
  const Sites sites;
  const Shared shared{rest_calls, streams, sleepers, unfinished_lines, sites};
  HttpObserver observer;
  std::unique_ptr<RestDoor> rest;
  const pages::CallbackDoor callbacks;
  aws::KeySet aws_keys;
  std::unique_ptr<aws::Door> aws;
  std::unique_ptr<http::Server> server;
  bool shut_down = false;
};

WebServer::WebServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

WebServer::~WebServer() { Shutdown(0); }

absl::StatusOr<std::unique_ptr<WebServer>> WebServer::Start(const calls::Door& door, const Config& config,
                                                            aws::Relay relay, const intake::EventRules* events) {
  auto impl = std::make_unique<Impl>(door, config);
  http::Router router;
  TB_ASSIGN_OR_RETURN(impl->rest, RestDoor::Make(impl->shared));
  TB_RETURN_IF_ERROR(impl->rest->AddTo(router));
  TB_RETURN_IF_ERROR(AddCallbackRoutes(impl->callbacks, door.authenticator, router));
  if (events != nullptr) TB_RETURN_IF_ERROR(AddEventRoute(impl->shared, *events, router));
  TB_ASSIGN_OR_RETURN(impl->aws_keys, aws::KeySet::Load(config.auth.aws_keys, ProcessEnvironment()));
  aws::OperationTable operations;
  aws::AddTaskOperations(impl->aws_calls, operations, std::move(relay));
  impl->aws = std::make_unique<aws::Door>(impl->aws_calls, impl->aws_keys, std::move(operations));
  TB_RETURN_IF_ERROR(AddAwsRoute(*impl->aws, door.metrics, router));
  if (door.bench_null) TB_RETURN_IF_ERROR(AddBenchRoutes(router));
  http::ServerOptions options = OptionsOf(config.http, config.tls);
  options.observer = &impl->observer;
  TB_ASSIGN_OR_RETURN(impl->server, http::Server::Start(std::move(options), std::move(router)));
  return std::unique_ptr<WebServer>(new WebServer(std::move(impl)));
}

int WebServer::port() const { return impl_->server->port(); }

void WebServer::BeginDrain() {
  impl_->streams.Drain();
  impl_->server->Drain();
}

void WebServer::Shutdown(DurationMs timeout) {
  if (std::exchange(impl_->shut_down, true)) return;
  impl_->streams.Drain();
  impl_->server->Shutdown(timeout);
}

}  // namespace tokenbroker::web
