#include "server/rpc/gathered_sends.h"

#include <dlfcn.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstddef>

namespace tokenbroker::rpc {
namespace {

// The first answer of many shall not wait for the last.
constexpr size_t kMostSends = 64;
constexpr size_t kMostSockets = 16;
// A send this large, as batches are answered with, is worth a segment of its own; whoever reads it shall begin.
constexpr size_t kLargeBytes = 1024;

// What a thread has sent and not pushed.
class Unpushed {
 public:
  void Add(int socket) {
    const auto end = sockets_.begin() + socket_count_;
    if (std::find(sockets_.begin(), end, socket) == end) sockets_[socket_count_++] = socket;
    ++sends_;
  }
  bool full() const { return sends_ == kMostSends || socket_count_ == kMostSockets; }

  // The option is set already, by gRPC; setting it pushes what waits (tcp(7)). A socket that was closed meanwhile was
  // pushed by that, and whoever has its number now is not harmed.
  void Push() {
    const int on = 1;
    for (size_t i = 0; i < socket_count_; ++i) setsockopt(sockets_[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    socket_count_ = 0;
    sends_ = 0;
  }

 private:
  std::array<int, kMostSockets> sockets_{};
  size_t socket_count_ = 0;
  size_t sends_ = 0;
};

thread_local bool gathers = false;
thread_local Unpushed unpushed;

size_t SizeOf(const msghdr& message) {
  size_t size = 0;
  for (size_t i = 0; i < message.msg_iovlen; ++i) size += message.msg_iov[i].iov_len;
  return size;
}

using SendMessage = ssize_t (*)(int, const msghdr*, int);

SendMessage NextSendMessage() {
  static const auto next = reinterpret_cast<SendMessage>(dlsym(RTLD_NEXT, "sendmsg"));
  return next;
}

}  // namespace

GatheredSends::GatheredSends() { gathers = true; }

GatheredSends::~GatheredSends() {
  unpushed.Push();
  gathers = false;
}

}  // namespace tokenbroker::rpc

// In the place of the C library's, for gRPC has no setting for this, nor does it show us its sockets.
extern "C" ssize_t sendmsg(int socket, const msghdr* message, int flags) {
  using namespace tokenbroker::rpc;
  if (!gathers || SizeOf(*message) >= kLargeBytes) return NextSendMessage()(socket, message, flags);
  const ssize_t sent = NextSendMessage()(socket, message, flags | MSG_MORE);
  unpushed.Add(socket);
  if (unpushed.full()) unpushed.Push();
  return sent;
}
