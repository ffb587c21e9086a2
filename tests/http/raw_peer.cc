#include "tests/http/raw_peer.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "server/http/request.h"

namespace tokenbroker::http {

std::string RawAnswer::Field(std::string_view name) const {
  std::string_view rest = head;
  while (!rest.empty()) {
    const size_t end = rest.find("\r\n");
    const std::string_view line = rest.substr(0, end);
    const size_t colon = line.find(": ");
    if (colon != std::string_view::npos && SameName(line.substr(0, colon), name))
      return std::string(line.substr(colon + 2));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 2);
  }
  return "";
}

RawPeer::RawPeer(uint16_t port, int receive_buffer) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (receive_buffer > 0) setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
  const timeval limit{10, 0};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
}

RawPeer::RawPeer(RawPeer&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), connected_(other.connected_), buffer_(std::move(other.buffer_)) {}

RawPeer::~RawPeer() {
  if (fd_ >= 0) close(fd_);
}

bool RawPeer::Send(std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    text.remove_prefix(count);
  }
  return true;
}

bool RawPeer::SendSome(std::string_view text) {
  return send(fd_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT) > 0;
}

void RawPeer::EndSending() { shutdown(fd_, SHUT_WR); }

bool RawPeer::More() {
  char part[16 * 1024];
  const ssize_t count = recv(fd_, part, sizeof(part), 0);
  if (count <= 0) return false;
  buffer_.append(part, count);
  return true;
}

std::string RawPeer::ReadLine() {
  size_t end;
  while ((end = buffer_.find("\r\n")) == std::string::npos) {
    if (!More()) return "";
  }
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return line;
}

std::string RawPeer::ReadBytes(size_t count) {
  while (buffer_.size() < count && More()) {
  }
  std::string bytes = buffer_.substr(0, count);
  buffer_.erase(0, count);
  return bytes;
}

RawAnswer RawPeer::ReadAnswer(bool head_only) {
  RawAnswer answer;
  size_t end;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!More()) return answer;
  }
  answer.head = buffer_.substr(0, end + 2);
  buffer_.erase(0, end + 4);
  if (answer.head.size() > 12) answer.status = std::atoi(answer.head.c_str() + 9);
  if (head_only || answer.status < 200) return answer;
  if (answer.Field("Transfer-Encoding") == "chunked") {
    while (const size_t size = std::strtoul(ReadLine().c_str(), nullptr, 16)) {
      answer.body += ReadBytes(size);
      ReadLine();
    }
    ReadLine();
    return answer;
  }
  answer.body = ReadBytes(std::strtoul(answer.Field("Content-Length").c_str(), nullptr, 10));
  return answer;
}

std::string RawPeer::ReadAll() {
  while (More()) {
  }
  return std::exchange(buffer_, "");
}

bool RawPeer::IsClosed() {
  if (!buffer_.empty()) return false;
  char byte;
  const ssize_t count = recv(fd_, &byte, 1, 0);
  return count == 0 || (count < 0 && errno == ECONNRESET);
}

}  // namespace tokenbroker::http
