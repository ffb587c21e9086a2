#include "server/admin/admin_server.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/admin/pages.h"
#include "server/http/server.h"

namespace tokenbroker {
namespace {

constexpr int kMaxConnections = 64;
constexpr DurationMs kConnectionTime = 5'000;

http::ServerOptions OptionsFor(const std::string& listen) {
  http::ServerOptions options;
  options.listen = listen;
  options.thread_name = "admin";
  http::Limits& limits = options.limits;
  limits.connections = kMaxConnections;
  limits.requests_per_connection = 1;
  limits.header_bytes = 8 * 1024;
  // Nothing here takes a body; a small one is read and ignored.
  limits.body_bytes = 1024;
  limits.header_time = limits.body_grace = limits.idle_time = limits.write_stall_time = kConnectionTime;
  return options;
}

void Answer(const AdminHandlers& handlers, http::ExchangePtr exchange) {
  const http::Request& request = exchange->request();
  std::string target(request.path);
  if (!request.query.empty()) target.append("?").append(request.query);
  AdminPage page = AnswerAdminRequest(handlers, target, request.Find("Accept").value_or(""));
  http::Response response{page.status, page.content_type};
  response.AddHeader("Cache-Control", "no-store");
  response.AddHeader("X-Content-Type-Options", "nosniff");
  response.body = std::move(page.body);
  exchange->Answer(std::move(response));
}

}  // namespace

class AdminServer::Impl {
 public:
  explicit Impl(AdminHandlers handlers) : handlers_(std::move(handlers)) {}

  absl::Status Start(const std::string& listen) {
    http::Router router;
    for (const char* path : {"/", "/livez", "/readyz", "/metrics", "/version"}) {
      TB_RETURN_IF_ERROR(router.Add({.method = http::Method::kGet, .path = path, .handle = [this](http::ExchangePtr e) {
                                       Answer(handlers_, std::move(e));
                                     }}));
    }
    TB_ASSIGN_OR_RETURN(server_, http::Server::Start(OptionsFor(listen), std::move(router)));
    return absl::OkStatus();
  }

  uint16_t port() const { return server_->port(); }

 private:
  const AdminHandlers handlers_;
  std::unique_ptr<http::Server> server_;
};

AdminServer::AdminServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AdminServer::~AdminServer() = default;

absl::StatusOr<std::unique_ptr<AdminServer>> AdminServer::Start(const std::string& listen, AdminHandlers handlers) {
  auto impl = std::make_unique<Impl>(std::move(handlers));
  if (const absl::Status status = impl->Start(listen); !status.ok()) {
    return absl::Status(status.code(), absl::StrCat("admin.listen: ", status.message()));
  }
  return std::unique_ptr<AdminServer>(new AdminServer(std::move(impl)));
}

uint16_t AdminServer::port() const { return impl_->port(); }

}  // namespace tokenbroker
