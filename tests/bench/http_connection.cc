#include "tests/bench/http_connection.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "tests/bench/loopback.h"

namespace tokenbroker::benchmarks {
namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::string_view kLength = "\r\nContent-Length: ";
constexpr size_t kStatusAt = sizeof("HTTP/1.1 ") - 1;

[[noreturn]] void Fail(const char* what) {
  throw std::runtime_error(std::string("HTTP connection: ") + what + ": " + std::strerror(errno));
}

int StatusOf(std::string_view head) { return std::atoi(head.data() + kStatusAt); }

size_t LengthOf(std::string_view head) {
  const size_t at = head.find(kLength);
  if (at == std::string_view::npos) throw std::runtime_error("an answer has no Content-Length");
  return std::strtoul(head.data() + at + kLength.size(), nullptr, 10);
}

}  // namespace

HttpConnection::HttpConnection(int port) : fd_(ConnectToLoopback(port)) {
  if (fd_ < 0) Fail("connect");
}

HttpConnection::~HttpConnection() { close(fd_); }

void HttpConnection::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) Fail("send");
    bytes.remove_prefix(sent);
  }
}

void HttpConnection::Receive() {
  char buffer[64 * 1024];
  const ssize_t got = recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT);
  if (got > 0) in_.append(buffer, got);
  if (got == 0) throw std::runtime_error("the server closed a connection");
  if (got < 0 && errno != EAGAIN) Fail("receive");
}

void HttpConnection::WaitAndReceive() {
  pollfd ready{fd_, POLLIN, 0};
  poll(&ready, 1, 60'000);
  Receive();
}

// What was taken goes when everything was, or when it is much.
void HttpConnection::Forget() {
  if (taken_ == in_.size() || taken_ > 256 * 1024) {
    in_.erase(0, taken_);
    taken_ = 0;
  }
}

bool HttpConnection::Take(Answer& answer) {
  Forget();
  const size_t head = Rest().find(kHeadEnd);
  if (head == std::string_view::npos) return false;
  const size_t length = LengthOf(Rest().substr(0, head + 2));
  const size_t whole = head + kHeadEnd.size() + length;
  if (Left() < whole) return false;
  answer.status = StatusOf(Rest());
  answer.body = Rest().substr(head + kHeadEnd.size(), length);
  taken_ += whole;
  return true;
}

bool HttpConnection::TakeHead(int& status) {
  const size_t head = Rest().find(kHeadEnd);
  if (head == std::string_view::npos) return false;
  status = StatusOf(Rest());
  taken_ += head + kHeadEnd.size();
  return true;
}

void HttpConnection::TakeChunks() {
  Forget();
  while (true) {
    const size_t line = Rest().find("\r\n");
    if (line == std::string_view::npos) return;
    const size_t size = std::strtoul(in_.c_str() + taken_, nullptr, 16);
    if (Left() < line + 2 + size + 2) return;
    lines_.append(Rest().substr(line + 2, size));
    taken_ += line + 2 + size + 2;
  }
}

bool HttpConnection::TakeLine(std::string& line) {
  TakeChunks();
  const size_t end = lines_.find('\n', lines_taken_);
  if (end == std::string::npos) {
    lines_.erase(0, lines_taken_);
    lines_taken_ = 0;
    return false;
  }
  line.assign(lines_, lines_taken_, end - lines_taken_);
  lines_taken_ = end + 1;
  return true;
}

}  // namespace tokenbroker::benchmarks
