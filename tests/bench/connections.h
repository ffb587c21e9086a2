// The connections of one load, which one thread serves.
#pragma once

#include <poll.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/grpc_connection.h"

namespace tokenbroker::benchmarks {

class Connections {
 public:
  void Add(const std::string& target, std::function<void(GrpcCall&)> on_end);

  // One after the other, round and round.
  GrpcConnection& At(size_t index) { return *connections_[index % connections_.size()]; }

  // Sends what was started, waits until something arrives, at most so long, and takes it.
  void Exchange(std::chrono::nanoseconds at_most);

 private:
  std::vector<std::unique_ptr<GrpcConnection>> connections_;
  std::vector<pollfd> polled_;
};

inline const google::protobuf::MessageLite& MessageOf(const google::protobuf::MessageLite& request) { return request; }
template <typename Request>
auto MessageOf(const Request& request) -> decltype((request.message)) {
  return request.message;
}

}  // namespace tokenbroker::benchmarks
