#include "server/web/web_server.h"

#include <utility>

#include "base/status_macros.h"
#include "server/aws/task_operations.h"
#include "server/config/load.h"
#include "server/http/server.h"
#include "server/web/aws_route.h"
#include "server/web/callback_routes.h"
#include "server/web/event_route.h"
#include "server/web/http_observer.h"
#include "server/web/rest_door.h"

namespace tokenbroker::web {
namespace {

constexpr int64_t kUnfinishedLines = int64_t{256} << 20;

http::ServerOptions OptionsOf(const HttpConfig& config, const TlsConfig& tls) {
  http::ServerOptions options;
  options.listen = config.listen;
  options.tls = {tls.certificate_file, tls.key_file, tls.client_ca_file, tls.require_client_certificate,
                 tls.reload_interval};
  return options;
}

}  // namespace

// Destroyed from the last to the first: the server before what its requests use.
struct WebServer::Impl {
  explicit Impl(calls::Door the_door)
      : door(std::move(the_door)), streams(door.max_watches), sleepers(door.broker), observer(door.metrics) {}

  const calls::Door door;
  calls::Streams streams;
  calls::Sleepers sleepers;
  Budget unfinished_lines{kUnfinishedLines};
  const Shared shared{door, streams, sleepers, unfinished_lines};
  HttpObserver observer;
  std::unique_ptr<RestDoor> rest;
  const pages::CallbackDoor callbacks{door, {}};
  aws::KeySet aws_keys;
  std::unique_ptr<aws::Door> aws;
  std::unique_ptr<http::Server> server;
  bool shut_down = false;
};

WebServer::WebServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

WebServer::~WebServer() { Shutdown(0); }

absl::StatusOr<std::unique_ptr<WebServer>> WebServer::Start(calls::Door door, const HttpConfig& http,
                                                            const TlsConfig& tls, const AuthConfig& auth,
                                                            const intake::EventRules* events) {
  auto impl = std::make_unique<Impl>(std::move(door));
  http::Router router;
  TB_ASSIGN_OR_RETURN(impl->rest, RestDoor::Make(impl->shared));
  TB_RETURN_IF_ERROR(impl->rest->AddTo(router));
  TB_RETURN_IF_ERROR(AddCallbackRoutes(impl->callbacks, impl->door.authenticator, router));
  if (events != nullptr) TB_RETURN_IF_ERROR(AddEventRoute(impl->shared, *events, router));
  TB_ASSIGN_OR_RETURN(impl->aws_keys, aws::KeySet::Load(auth.aws_keys, ProcessEnvironment()));
  aws::OperationTable operations;
  aws::AddTaskOperations(impl->door, operations);
  impl->aws = std::make_unique<aws::Door>(impl->door, impl->aws_keys, std::move(operations));
  TB_RETURN_IF_ERROR(AddAwsRoute(*impl->aws, impl->door.metrics, router));
  http::ServerOptions options = OptionsOf(http, tls);
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
