#include "server/admin/admin_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>

namespace tokenbroker {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

// A connection to the server; closes at the end.
class Peer {
 public:
  explicit Peer(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~Peer() { close(fd_); }
  Peer(const Peer&) = delete;

  bool connected() const { return connected_; }
  void Send(const std::string& text) { send(fd_, text.data(), text.size(), MSG_NOSIGNAL); }
  // Until the server closes.
  std::string ReadAll() {
    std::string all;
    char part[4096];
    for (ssize_t count; (count = recv(fd_, part, sizeof(part), 0)) > 0;) all.append(part, count);
    return all;
  }

 private:
  int fd_;
  bool connected_ = false;
};

class AdminServerTest : public testing::Test {
 protected:
  void SetUp() override {
    auto server =
        AdminServer::Start("127.0.0.1:0", {.ready =
                                               [this] {
                                                 return std::vector<ReadinessCheck>{{"open", ready_, ""}};
                                               },
                                           .metrics = [](Exposition) { return std::string(500'000, '#') + "\n"; },
                                           .version = "1"});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  std::string Ask(const std::string& request) {
    Peer peer(server_->port());
    peer.Send(request);
    return peer.ReadAll();
  }
  std::string Get(const std::string& target) { return Ask("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n"); }

  std::atomic<bool> ready_{true};
  std::unique_ptr<AdminServer> server_;
};

TEST_F(AdminServerTest, AnswersAndCloses) {
  EXPECT_THAT(Get("/livez"),
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("Connection: close\r\n"), HasSubstr("\r\n\r\nok\n")));
  EXPECT_THAT(Get("/readyz"), StartsWith("HTTP/1.1 200 "));
  ready_ = false;
  EXPECT_THAT(Get("/readyz"), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(Get("/nope"), StartsWith("HTTP/1.1 404 "));
  EXPECT_GT(Get("/metrics").size(), 500'000u);
}

TEST_F(AdminServerTest, HeadHasTheLengthButNoBody) {
  const std::string answer = Ask("HEAD /livez HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 3\r\n"));
  EXPECT_EQ(answer.substr(answer.size() - 4), "\r\n\r\n");
}

TEST_F(AdminServerTest, ChangesNothing) {
  EXPECT_THAT(Ask("POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: GET, HEAD, OPTIONS\r\n")));
}

TEST_F(AdminServerTest, RefusesWhatIsNoRequestOrTooLarge) {
  EXPECT_THAT(Ask("hello\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Ask("GET /livez HTTP/1.1\r\nHost: x\r\nX: " + std::string(10'000, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(Ask("GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n"), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(Get("/livez"), StartsWith("HTTP/1.1 200 ")) << "and lives on";
}

// Whoever reads chunks by guessing how many bytes are still to come trips over this one.
TEST_F(AdminServerTest, AnEmptyChunkedBodyMayComeInPieces) {
  const std::string head = "GET /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string body = "0\r\n\r\n";
  for (size_t cut = 0; cut < body.size(); ++cut) {
    Peer peer(server_->port());
    peer.Send(head);
    peer.Send(body.substr(0, cut));
    EXPECT_THAT(Get("/livez"), HasSubstr("ok\n")) << "what was sent before has been read";
    peer.Send(body.substr(cut, 1));
    EXPECT_THAT(Get("/livez"), HasSubstr("ok\n"));
    peer.Send(body.substr(cut + 1));
    EXPECT_THAT(peer.ReadAll(), HasSubstr("ok\n")) << cut;
  }
}

TEST_F(AdminServerTest, HoldsSixtyFourConnectionsAndLetsASilentOneGoForTheNext) {
  std::vector<std::unique_ptr<Peer>> silent;
  for (int i = 0; i < 64; ++i) silent.push_back(std::make_unique<Peer>(server_->port()));
  Peer next(server_->port());
  ASSERT_TRUE(next.connected());
  next.Send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(next.ReadAll(), HasSubstr("ok\n"));
  EXPECT_EQ(silent.front()->ReadAll(), "") << "the first is closed";
}

TEST_F(AdminServerTest, StopsWithConnectionsOpen) {
  Peer silent(server_->port());
  Peer halfway(server_->port());
  halfway.Send("GET /livez HT");
  EXPECT_THAT(Get("/livez"), HasSubstr("ok\n"));
  const uint16_t port = server_->port();
  server_.reset();
  EXPECT_FALSE(Peer(port).connected());
}

TEST_F(AdminServerTest, SaysWhyItCannotStart) {
  const std::string taken = "127.0.0.1:" + std::to_string(server_->port());
  const auto second = AdminServer::Start(taken, {});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("admin.listen: cannot listen on " + taken));
  EXPECT_EQ(AdminServer::Start("nonsense", {}).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tokenbroker
