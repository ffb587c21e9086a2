#include "server/rpc/gathered_sends.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <linux/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace tokenbroker::rpc {
namespace {

// A TCP connection to ourselves, set up as gRPC does it.
class Connection {
 public:
  Connection() {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener, 1), 0);
    EXPECT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
    near_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(connect(near_, reinterpret_cast<sockaddr*>(&address), size), 0);
    far_ = accept(listener, nullptr, nullptr);
    close(listener);
    const int on = 1;
    EXPECT_EQ(setsockopt(near_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0);
  }
  ~Connection() {
    CloseNear();
    close(far_);
  }

  void Send(std::string_view text) {
    iovec part{const_cast<char*>(text.data()), text.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    ASSERT_EQ(sendmsg(near_, &message, MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  void CloseNear() {
    if (near_ >= 0) close(near_);
    near_ = -1;
  }

  // What has arrived.
  std::string Arrived() {
    char buffer[1024];
    const ssize_t got = recv(far_, buffer, sizeof buffer, MSG_DONTWAIT);
    return got > 0 ? std::string(buffer, got) : std::string();
  }
  // Waits for it.
  std::string Await(size_t size) {
    std::string all;
    while (all.size() < size) {
      pollfd readable{far_, POLLIN, 0};
      if (poll(&readable, 1, -1) != 1) break;
      const std::string more = Arrived();
      if (more.empty()) break;
      all += more;
    }
    return all;
  }
  // How many segments with data have been sent.
  unsigned Segments() {
    tcp_info info{};
    socklen_t size = sizeof info;
    EXPECT_EQ(getsockopt(near_, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
    return info.tcpi_data_segs_out;
  }

 private:
  int near_ = -1;
  int far_ = -1;
};

// The kernel pushes what waits for 200 ms by itself, which a thread that is not let run may see: it is enough that
// `holds` once.
bool Once(const std::function<bool()>& holds) {
  for (int i = 0; i < 50; ++i) {
    if (holds()) return true;
  }
  return false;
}

TEST(GatheredSends, LeaveAtOnceWithoutOne) {
  Connection connection;
  connection.Send("a");
  connection.Send("b");
  EXPECT_EQ(connection.Segments(), 2u);
  EXPECT_EQ(connection.Await(2), "ab");
}

TEST(GatheredSends, LeaveTogetherAtTheEnd) {
  EXPECT_TRUE(Once([] {
    Connection one;
    Connection two;
    unsigned before_the_end = 0;
    {
      const GatheredSends sends;
      one.Send("a");
      two.Send("x");
      one.Send("b");
      before_the_end = one.Segments();
    }
    EXPECT_EQ(one.Await(2), "ab");
    EXPECT_EQ(two.Await(1), "x");
    return before_the_end == 0 && one.Segments() == 1;
  }));
}

TEST(GatheredSends, ArePushedWhenThereAreMany) {
  EXPECT_TRUE(Once([] {
    Connection connection;
    const GatheredSends sends;
    for (int i = 0; i < 100; ++i) connection.Send("a");
    return connection.Segments() == 1 && connection.Await(64).size() == 64;
  }));
}

TEST(GatheredSends, ArePushedWhenTheyGoToMany) {
  std::vector<std::unique_ptr<Connection>> connections;
  for (int i = 0; i < 20; ++i) connections.push_back(std::make_unique<Connection>());
  {
    const GatheredSends sends;
    for (const auto& connection : connections) connection->Send("a");
    EXPECT_EQ(connections.front()->Segments(), 1u);
  }
  for (const auto& connection : connections) EXPECT_EQ(connection->Await(1), "a");
}

TEST(GatheredSends, LargeOnesTakeAlongWhatWaits) {
  Connection connection;
  const GatheredSends sends;
  connection.Send("a");
  connection.Send(std::string(1024, 'b'));
  EXPECT_GE(connection.Segments(), 1u);
  EXPECT_EQ(connection.Await(1025), "a" + std::string(1024, 'b'));
}

TEST(GatheredSends, ArriveThoughTheSocketIsClosedMeanwhile) {
  Connection connection;
  {
    const GatheredSends sends;
    connection.Send("last words");
    connection.CloseNear();
  }
  EXPECT_EQ(connection.Await(10), "last words");
}

// gRPC is such a library: what it links to is found in this order.
TEST(GatheredSends, StandWhereSharedLibrariesLook) {
  EXPECT_EQ(dlsym(RTLD_DEFAULT, "sendmsg"), reinterpret_cast<void*>(&::sendmsg));
  EXPECT_NE(dlsym(RTLD_NEXT, "sendmsg"), reinterpret_cast<void*>(&::sendmsg));
}

TEST(GatheredSends, LeaveOtherThreadsAlone) {
  Connection connection;
  const GatheredSends sends;
  std::thread([&] { connection.Send("a"); }).join();
  EXPECT_EQ(connection.Segments(), 1u);
}

}  // namespace
}  // namespace tokenbroker::rpc
