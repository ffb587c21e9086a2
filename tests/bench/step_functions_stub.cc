#include "tests/bench/step_functions_stub.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace tokenbroker::benchmarks {
namespace {

constexpr size_t kTokenLength = 700;
constexpr std::string_view kTokenStart = "AQCEAAAAKgAAAAMAAAAAAAAAA";
constexpr size_t kDigits = 16;
constexpr std::string_view kBodyStart = R"({"taskToken":")";

constexpr std::string_view kAccepted =
    "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: 2\r\n\r\n{}";
constexpr std::string_view kThrottled =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: 54\r\n\r\n"
    R"({"__type":"ThrottlingException","message":"Slow down"})";
constexpr std::string_view kUnknown =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: 25\r\n\r\n"
    R"({"__type":"InvalidToken"})";

void Must(bool good, const char* what) {
  if (!good) throw std::runtime_error(std::string("the stub: ") + what);
}

}  // namespace

std::string UpstreamToken(uint64_t number) {
  std::string token(kTokenLength, 'x');
  token.replace(0, kTokenStart.size(), kTokenStart);
  for (size_t i = 0; i < kDigits; ++i, number >>= 4) {
    token[kTokenStart.size() + kDigits - 1 - i] = "0123456789abcdef"[number & 15];
  }
  return token;
}

std::optional<uint64_t> NumberOf(std::string_view token) {
  if (token.size() < kTokenStart.size() + kDigits || token.substr(0, kTokenStart.size()) != kTokenStart) return {};
  const char* const digits = token.data() + kTokenStart.size();
  uint64_t number = 0;
  if (std::from_chars(digits, digits + kDigits, number, 16).ptr != digits + kDigits) return {};
  return number;
}

struct StepFunctionsStub::Connection {
  ~Connection() { close(descriptor); }

  int descriptor = -1;
  std::string received;
};

StepFunctionsStub::StepFunctionsStub(const Options& options) : options_(options), accepted_at_(options.tasks) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  Must(bind(listener_, reinterpret_cast<sockaddr*>(&address), length) == 0, "no port");
  Must(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) == 0, "no port");
  port_ = ntohs(address.sin_port);
  poller_ = epoll_create1(EPOLL_CLOEXEC);
  stop_ = eventfd(0, EFD_CLOEXEC);
}

StepFunctionsStub::~StepFunctionsStub() {
  if (thread_.joinable()) {
    eventfd_write(stop_, 1);
    thread_.join();
  }
  connections_.clear();
  for (const int descriptor : {listener_, poller_, stop_}) close(descriptor);
}

void StepFunctionsStub::Open() {
  Must(listen(listener_, SOMAXCONN) == 0, "cannot listen");
  const auto watch = [this](int descriptor, void* tag) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = tag;
    Must(epoll_ctl(poller_, EPOLL_CTL_ADD, descriptor, &event) == 0, "cannot watch");
  };
  watch(listener_, &listener_);
  watch(stop_, &stop_);
  if (options_.bucket) credit_ = options_.bucket->burst;
  refilled_at_ = Time::now();
  thread_ = std::thread([this] { Run(); });
}

void StepFunctionsStub::Run() {
  epoll_event events[256];
  while (true) {
    const int count = epoll_wait(poller_, events, std::size(events), -1);
    for (int i = 0; i < count; ++i) {
      void* const tag = events[i].data.ptr;
      if (tag == &stop_) return;
      if (tag == &listener_) {
        Accept();
      } else if (auto& connection = *static_cast<Connection*>(tag); !Serve(connection)) {
        std::erase_if(connections_, [&](const auto& one) { return one.get() == &connection; });
      }
    }
  }
}

void StepFunctionsStub::Accept() {
  const int descriptor = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (descriptor < 0) return;
  const int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  connections_.push_back(std::make_unique<Connection>());
  connections_.back()->descriptor = descriptor;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = connections_.back().get();
  epoll_ctl(poller_, EPOLL_CTL_ADD, descriptor, &event);
}

// A client that waits for its answers: one request at a time.
bool StepFunctionsStub::Serve(Connection& connection) {
  constexpr std::string_view kLength = "Content-Length: ";
  char buffer[16 * 1024];
  const ssize_t size = recv(connection.descriptor, buffer, sizeof buffer, 0);
  if (size <= 0) return size < 0 && errno == EAGAIN;
  std::string& text = connection.received;
  text.append(buffer, size);
  const size_t head = text.find("\r\n\r\n");
  if (head == std::string::npos) return true;
  const size_t field = text.find(kLength);
  size_t length = 0;
  if (field > head) return false;
  std::from_chars(text.data() + field + kLength.size(), text.data() + head, length);
  const size_t body = head + 4;
  if (text.size() < body + length) return true;
  const std::string_view answer = Judge(std::string_view(text).substr(body, length));
  text.clear();
  return send(connection.descriptor, answer.data(), answer.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(answer.size());
}

std::string_view StepFunctionsStub::Judge(std::string_view body) {
  const std::optional<uint64_t> number = NumberOf(body.substr(std::min(kBodyStart.size(), body.size())));
  if (!number.has_value() || *number >= options_.tasks) {
    ++unknown_;
    return kUnknown;
  }
  if (!WithinBucket()) {
    ++beyond_bucket_;
    return kThrottled;
  }
  if (options_.throttled_percent > 0 && static_cast<int>(random_() % 100) < options_.throttled_percent) {
    ++throttled_;
    return kThrottled;
  }
  std::atomic<int64_t>& at = accepted_at_[*number];
  if (at.load(std::memory_order_relaxed) != 0) {
    ++repeated_;
    return kAccepted;
  }
  at.store(Time::now().time_since_epoch().count(), std::memory_order_relaxed);
  ++accepted_;
  return kAccepted;
}

bool StepFunctionsStub::WithinBucket() {
  if (!options_.bucket) return true;
  const Time::time_point now = Time::now();
  credit_ =
      std::min(options_.bucket->burst, credit_ + Seconds(now - refilled_at_).count() * options_.bucket->per_second);
  refilled_at_ = now;
  if (credit_ < 1) return false;
  credit_ -= 1;
  return true;
}

void StepFunctionsStub::AwaitAccepted(uint64_t count, Seconds longest) const {
  const auto until = Time::now() + std::chrono::duration_cast<Time::duration>(longest);
  while (accepted() < count && Time::now() < until) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  if (accepted() >= count) return;
  throw std::runtime_error("the target has " + std::to_string(accepted()) + " of " + std::to_string(count) +
                           " outcomes, and no more come");
}

}  // namespace tokenbroker::benchmarks
