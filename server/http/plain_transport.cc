#include <sys/socket.h>

#include <cerrno>

#include "server/http/transport.h"

namespace tokenbroker::http {
namespace {

IoResult Outcome(ssize_t count, size_t wanted, IoResult::Kind again) {
  if (count > 0) return {IoResult::Kind::kDone, static_cast<size_t>(count), static_cast<size_t>(count) == wanted};
  if (count == 0) return {IoResult::Kind::kEnd};
  return {errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? again : IoResult::Kind::kFailed};
}

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(int fd) : fd_(fd) {}

  IoResult Handshake() override { return {IoResult::Kind::kDone}; }

  IoResult Read(absl::Span<char> into) override {
    return Outcome(recv(fd_, into.data(), into.size(), 0), into.size(), IoResult::Kind::kWantRead);
  }

  IoResult Write(absl::Span<const iovec> parts) override {
    // Most answers are one piece, for which the machine has less to look at.
    if (parts.size() == 1 || (parts.size() == 2 && parts.back().iov_len == 0)) {
      const iovec& only = parts.front();
      return Outcome(send(fd_, only.iov_base, only.iov_len, MSG_NOSIGNAL), 0, IoResult::Kind::kWantWrite);
    }
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(parts.data());
    message.msg_iovlen = parts.size();
    return Outcome(sendmsg(fd_, &message, MSG_NOSIGNAL), 0, IoResult::Kind::kWantWrite);
  }

  IoResult Peek() override {
    char byte;
    return Outcome(recv(fd_, &byte, 1, MSG_PEEK), 1, IoResult::Kind::kWantRead);
  }

  void EndWriting() override { shutdown(fd_, SHUT_WR); }

 private:
  const int fd_;
};

}  // namespace

std::unique_ptr<Transport> MakePlainTransport(int fd) { return std::make_unique<PlainTransport>(fd); }

}  // namespace tokenbroker::http
