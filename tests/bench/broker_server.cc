#include "tests/bench/broker_server.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "nlohmann/json.hpp"
#include "tests/bench/http_get.h"
#include "tests/bench/machine.h"

namespace tokenbroker::benchmarks {
namespace {

constexpr int kStartSeconds = 120;
constexpr std::chrono::seconds kLongestWait{60};
constexpr double kQuietCpu = 0.01;  // one of the kernel's ticks

std::string Contents(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

BrokerServer::BrokerServer(const std::string& program, const std::string& data, const std::vector<std::string>& flags) {
  const std::string ports = data + ".ports";
  const std::string log = data + ".log";
  std::filesystem::remove(ports);
  setenv("TOKENBROKER_BENCH_NULL", "1", 1);  // adds the null handler
  std::vector<std::string> command{program,          "dev",         "--data",        data,
                                   "--grpc-listen",  "127.0.0.1:0", "--http-listen", "127.0.0.1:0",
                                   "--admin-listen", "127.0.0.1:0", "--ports-file",  ports};
  command.insert(command.end(), flags.begin(), flags.end());
  process_ = std::make_unique<Process>(command, log);
  WaitForPorts(ports, log);
}

void BrokerServer::WaitForPorts(const std::string& file, const std::string& log) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(kStartSeconds);
  while (std::chrono::steady_clock::now() < until) {
    const auto ports = nlohmann::json::parse(Contents(file), nullptr, /*allow_exceptions=*/false);
    if (ports.is_object() && ports.contains("grpc") && ports.contains("http") && ports.contains("admin")) {
      grpc_port_ = ports["grpc"];
      http_port_ = ports["http"];
      admin_port_ = ports["admin"];
      return;
    }
    if (!process_->Running()) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  throw std::runtime_error("the broker did not start; it said:\n" + Contents(log));
}

MetricsPage BrokerServer::Metrics() const { return MetricsPage(HttpGet(admin_port_, "/metrics").value_or("")); }

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
