#include "tests/bench/broker_server.h"

#include <chrono>
#include <stdexcept>
#include <thread>

#include "tests/bench/machine.h"
#include "tests/testing/http_get.h"

namespace tokenbroker::benchmarks {
namespace {

constexpr DurationMs kLongestStart = 120'000;
constexpr std::chrono::seconds kLongestWait{60};
constexpr double kQuietCpu = 0.01;  // one of the kernel's ticks

}  // namespace

BrokerServer::BrokerServer(const std::string& program, const std::string& folder, const std::vector<std::string>& flags,
                           const std::map<std::string, std::string>& environment) {
  testing::BrokerOptions options{program, folder, flags, environment, kLongestStart};
  options.environment["TOKENBROKER_BENCH_NULL"] = "1";  // adds the null handler
  auto process = testing::BrokerProcess::Start(options);
  if (!process.ok()) throw std::runtime_error(process.status().ToString());
  process_ = *std::move(process);
}

MetricsPage BrokerServer::Metrics() const {
  return MetricsPage(testing::HttpBody(process_->admin_port(), "/metrics").value_or(""));
}

void BrokerServer::WaitUntilQuiet(std::chrono::milliseconds look) const {
  double before = CpuSeconds(process());
  for (const auto until = std::chrono::steady_clock::now() + kLongestWait; std::chrono::steady_clock::now() < until;) {
    std::this_thread::sleep_for(look);
    const double now = CpuSeconds(process());
    if (now - before <= kQuietCpu) return;
    before = now;
  }
}

}  // namespace tokenbroker::benchmarks
