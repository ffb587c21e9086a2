#include "server/admin/admin_server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/admin/pages.h"
#include "server/config/values.h"

namespace tokenbroker {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr int kMaxConnections = 64;
constexpr auto kConnectionTime = std::chrono::seconds(5);
constexpr auto kRetryAccept = std::chrono::milliseconds(100);
constexpr uint32_t kMaxHeaderBytes = 8 * 1024;
// Nothing here takes a body; a small one is read and ignored.
constexpr uint64_t kMaxBodyBytes = 1024;

using Response = http::response<http::string_body>;

std::string_view View(beast::string_view text) { return {text.data(), text.size()}; }

Response Answer(const AdminHandlers& handlers, const http::request<http::string_body>& request) {
  Response response;
  response.version(request.version());
  response.keep_alive(false);
  response.set(http::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  const bool head = request.method() == http::verb::head;
  AdminPage page{405, "text/plain; charset=utf-8", "only GET and HEAD\n"};
  if (head || request.method() == http::verb::get) {
    page = AnswerAdminRequest(handlers, View(request.target()), View(request[http::field::accept]));
  } else {
    response.set(http::field::allow, "GET, HEAD");
  }
  response.result(page.status);
  response.set(http::field::content_type, page.content_type);
  response.content_length(page.body.size());
  if (!head) response.body() = std::move(page.body);
  return response;
}

Response BadRequest() {
  Response response(http::status::bad_request, 11);
  response.keep_alive(false);
  response.set(http::field::content_type, "text/plain; charset=utf-8");
  response.body() = "not an HTTP request that is understood here\n";
  response.prepare_payload();
  return response;
}

// One connection: reads a request, writes the answer, closes. Keeps itself alive through its pending operation.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, const AdminHandlers& handlers, std::function<void()> on_end)
      : stream_(std::move(socket)), handlers_(handlers), on_end_(std::move(on_end)) {}
  ~Connection() { on_end_(); }

  void Start() {
    stream_.expires_after(kConnectionTime);
    parser_.header_limit(kMaxHeaderBytes);
    parser_.body_limit(kMaxBodyBytes);
    http::async_read(stream_, buffer_, parser_,
                     [self = shared_from_this()](beast::error_code error, size_t) { self->OnRead(error); });
  }

 private:
  void OnRead(beast::error_code error) {
    if (error == http::error::end_of_stream || error == beast::error::timeout) return;
    // Errors of the parser are the peer's; it is told. Those of the connection leave nobody to tell.
    if (error && error.category() != http::make_error_code(http::error::bad_method).category()) return;
    response_ = error ? BadRequest() : Answer(handlers_, parser_.get());
    http::async_write(stream_, response_, [self = shared_from_this()](beast::error_code, size_t) {
      beast::error_code ignored;
      self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    });
  }

  beast::tcp_stream stream_;
  const AdminHandlers& handlers_;
  const std::function<void()> on_end_;
  beast::flat_buffer buffer_;
  http::request_parser<http::string_body> parser_;
  Response response_;
};

absl::StatusOr<tcp::endpoint> Resolve(asio::io_context& context, const std::string& listen) {
  TB_ASSIGN_OR_RETURN(const HostPort address, ParseHostPort(listen));
  tcp::resolver resolver(context);
  beast::error_code error;
  const auto found = resolver.resolve(address.host, std::to_string(address.port), tcp::resolver::passive, error);
  if (error || found.empty()) {
    return absl::UnavailableError(absl::StrCat("admin.listen: cannot resolve ", address.host, ": ", error.message()));
  }
  return found.begin()->endpoint();
}

}  // namespace

// Everything but the constructor and Listen runs on `thread_`.
class AdminServer::Impl {
 public:
  explicit Impl(AdminHandlers handlers)
      : handlers_(std::move(handlers)), context_(1), acceptor_(context_), retry_(context_) {}

  ~Impl() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
    // The context takes its connections with it, later than the acceptor: their end must not accept further ones.
    stopping_ = true;
  }

  absl::Status Listen(const std::string& listen) {
    TB_ASSIGN_OR_RETURN(const tcp::endpoint endpoint, Resolve(context_, listen));
    beast::error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return absl::UnavailableError(absl::StrCat("admin.listen: cannot listen on ", listen, ": ", error.message()));
    }
    port_ = acceptor_.local_endpoint().port();
    return absl::OkStatus();
  }

  void Run() {
    Accept();
    thread_ = std::thread([this] { context_.run(); });
  }

  uint16_t port() const { return port_; }

 private:
  void Accept() {
    if (stopping_ || accepting_ || connections_ >= kMaxConnections) return;
    accepting_ = true;
    acceptor_.async_accept([this](beast::error_code error, tcp::socket socket) {
      accepting_ = false;
      if (error) return AcceptLater();
      ++connections_;
      std::make_shared<Connection>(std::move(socket), handlers_, [this] {
        --connections_;
        Accept();
      })->Start();
      Accept();
    });
  }

  // Out of file descriptors, most likely: do not spin.
  void AcceptLater() {
    retry_.expires_after(kRetryAccept);
    retry_.async_wait([this](beast::error_code error) {
      if (!error) Accept();
    });
  }

  const AdminHandlers handlers_;
  // Before the context, so that they outlive its connections.
  int connections_ = 0;
  bool accepting_ = false;
  bool stopping_ = false;
  uint16_t port_ = 0;
  asio::io_context context_;
  tcp::acceptor acceptor_;
  asio::steady_timer retry_;
  std::thread thread_;
};

AdminServer::AdminServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AdminServer::~AdminServer() = default;

absl::StatusOr<std::unique_ptr<AdminServer>> AdminServer::Start(const std::string& listen, AdminHandlers handlers) try {
  auto impl = std::make_unique<Impl>(std::move(handlers));
  TB_RETURN_IF_ERROR(impl->Listen(listen));
  impl->Run();
  return std::unique_ptr<AdminServer>(new AdminServer(std::move(impl)));
} catch (const std::exception& error) {
  // Asio throws when the machine gives it no descriptors or no thread.
  return absl::UnavailableError(absl::StrCat("admin.listen: cannot start: ", error.what()));
}

uint16_t AdminServer::port() const { return impl_->port(); }

}  // namespace tokenbroker
