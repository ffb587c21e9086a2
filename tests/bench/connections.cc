#include "tests/bench/connections.h"

#include <ctime>
#include <utility>

namespace tokenbroker::benchmarks {

void Connections::Add(const std::string& target, std::function<void(GrpcCall&)> on_end) {
  connections_.push_back(std::make_unique<GrpcConnection>(target, std::move(on_end)));
  polled_.push_back({connections_.back()->descriptor(), POLLIN, 0});
}

void Connections::Exchange(std::chrono::nanoseconds at_most) {
  for (size_t i = 0; i < polled_.size(); ++i) {
    connections_[i]->Flush();
    polled_[i].events = connections_[i]->wants_to_write() ? POLLIN | POLLOUT : POLLIN;
    polled_[i].revents = 0;
  }
  const timespec limit{at_most.count() / 1'000'000'000, at_most.count() % 1'000'000'000};
  if (ppoll(polled_.data(), polled_.size(), &limit, nullptr) <= 0) return;
  for (size_t i = 0; i < polled_.size(); ++i) {
    if ((polled_[i].revents & ~POLLOUT) != 0) connections_[i]->Receive();
  }
}

}  // namespace tokenbroker::benchmarks
