#include "tests/bench/http_get.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/bench/loopback.h"

namespace tokenbroker::benchmarks {
namespace {

int Connect(int port) {
  const int connection = ConnectToLoopback(port);
  const timeval limit{5, 0};
  if (connection >= 0) setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  return connection;
}

}  // namespace

std::optional<std::string> HttpGet(int port, const std::string& path) {
  const int connection = Connect(port);
  if (connection < 0) return std::nullopt;
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
  std::string answer;
  if (send(connection, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size())) {
    char part[65536];
    for (ssize_t got = 0; (got = recv(connection, part, sizeof part, 0)) > 0;) answer.append(part, got);
  }
  close(connection);
  const size_t body = answer.find("\r\n\r\n");
  if (answer.rfind("HTTP/1.1 200", 0) != 0 || body == std::string::npos) return std::nullopt;
  return answer.substr(body + 4);
}

}  // namespace tokenbroker::benchmarks
