#include "tests/bench/http_load.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <memory>
#include <stdexcept>
#include <vector>

#include "tests/bench/http_connection.h"

namespace tokenbroker::benchmarks {
namespace {

using Time = std::chrono::steady_clock;

// Tells which of many connections something has come on.
class Readiness {
 public:
  Readiness() : fd_(epoll_create1(0)) {}
  ~Readiness() { close(fd_); }

  void Watch(int fd, void* tag) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = tag;
    if (epoll_ctl(fd_, EPOLL_CTL_ADD, fd, &event) != 0) throw std::runtime_error("epoll_ctl");
  }
  template <typename Use>
  void Wait(const Use& use) {
    epoll_event events[256];
    const int count = epoll_wait(fd_, events, 256, 1'000);
    for (int i = 0; i < count; ++i) use(events[i].data.ptr);
  }

 private:
  int fd_;
};

class RequestLoop {
 public:
  RequestLoop(HttpTraffic& traffic, int port, int connections) : traffic_(traffic) {
    for (int i = 0; i < connections; ++i) {
      calls_.push_back(std::make_unique<Call>(port));
      ready_.Watch(calls_.back()->connection.fd(), calls_.back().get());
    }
  }

  void Run(Progress& progress) {
    for (const auto& call : calls_) Start(*call);
    while (under_way_ > 0) {
      ready_.Wait([&](void* tag) { Finish(*static_cast<Call*>(tag), progress); });
    }
  }

 private:
  struct Call {
    explicit Call(int port) : connection(port) {}
    HttpConnection connection;
    SettleOrder::Expect expect = SettleOrder::Expect::kAccepted;
    Time::time_point started;
  };

  void Start(Call& call) {
    request_.clear();
    if (!traffic_.Fill(request_, call.expect)) return;
    call.started = Time::now();
    call.connection.Send(request_);
    ++under_way_;
  }

  void Finish(Call& call, Progress& progress) {
    call.connection.Receive();
    HttpConnection::Answer answer;
    if (!call.connection.Take(answer)) return;
    --under_way_;
    const size_t items = traffic_.Take(call.expect, answer.status, answer.body);
    if (items == 0 && progress.wrong.fetch_add(1) == 0) {
      progress.first_wrong = std::to_string(answer.status) + " " + std::string(answer.body.substr(0, 200));
    }
    progress.items.fetch_add(items, std::memory_order_relaxed);
    if (progress.measuring.load(std::memory_order_relaxed)) progress.latency.Add((Time::now() - call.started).count());
    if (!progress.stop.load(std::memory_order_relaxed)) Start(call);
  }

  HttpTraffic& traffic_;
  Readiness ready_;
  std::vector<std::unique_ptr<Call>> calls_;
  std::string request_;
  int under_way_ = 0;
};

class LineLoop {
 public:
  LineLoop(TokenPool& tokens, int port, const LoadShape& shape) : order_(tokens), outstanding_(shape.outstanding) {
    for (int i = 0; i < shape.channels; ++i) {
      streams_.push_back(std::make_unique<Stream>(port));
      ready_.Watch(streams_.back()->connection.fd(), streams_.back().get());
    }
  }

  void Run(Progress& progress) {
    for (const auto& stream : streams_) {
      stream->connection.Send(
          "POST /v1/settlements:stream HTTP/1.1\r\nHost: 127.0.0.1:8433\r\nContent-Type: application/x-ndjson\r\n"
          "Transfer-Encoding: chunked\r\n\r\n");
      for (int i = 0; i < outstanding_; ++i) SendLine(*stream);
    }
    while (under_way_ > 0) {
      ready_.Wait([&](void* tag) { Take(*static_cast<Stream*>(tag), progress); });
    }
    for (const auto& stream : streams_) stream->connection.Send("0\r\n\r\n");
  }

 private:
  struct Stream {
    explicit Stream(int port) : connection(port) {}
    HttpConnection connection;
    bool has_head = false;
  };

  void SendLine(Stream& stream) {
    line_.clear();
    if (!AppendBatch(order_, line_)) return;
    line_.push_back('\n');
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", line_.size());
    chunk_.assign(size).append(line_).append("\r\n");
    stream.connection.Send(chunk_);
    ++under_way_;
  }

  void Take(Stream& stream, Progress& progress) {
    stream.connection.Receive();
    int status = 0;
    if (!stream.has_head) stream.has_head = stream.connection.TakeHead(status);
    while (stream.has_head && stream.connection.TakeLine(answer_)) {
      --under_way_;
      const size_t items = JudgeBatch(answer_);
      if (items == 0 && progress.wrong.fetch_add(1) == 0) progress.first_wrong = answer_.substr(0, 200);
      progress.items.fetch_add(items, std::memory_order_relaxed);
      if (!progress.stop.load(std::memory_order_relaxed)) SendLine(stream);
    }
  }

  SettleOrder order_;
  const int outstanding_;
  Readiness ready_;
  std::vector<std::unique_ptr<Stream>> streams_;
  std::string line_;
  std::string chunk_;
  std::string answer_;
  int under_way_ = 0;
};

}  // namespace

LoadResult RunHttpLoad(const std::string& what, HttpTraffic& traffic, int port, pid_t server, const LoadShape& shape) {
  RequestLoop loop(traffic, port, shape.channels);
  return Watch(what, shape, server, [&loop](Progress& progress) { loop.Run(progress); });
}

LoadResult RunLineLoad(const std::string& what, TokenPool& tokens, int port, pid_t server, const LoadShape& shape) {
  LineLoop loop(tokens, port, shape);
  return Watch(what, shape, server, [&loop](Progress& progress) { loop.Run(progress); });
}

}  // namespace tokenbroker::benchmarks
