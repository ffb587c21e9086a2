#include "tests/bench/waiting_broker.h"

#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/bench/load.h"
#include "tests/bench/machine.h"
#include "tests/bench/stubs.h"
#include "tests/bench/traffic.h"

namespace tokenbroker::benchmarks {
namespace {

constexpr int kWarmUpRounds = 40;
constexpr uint64_t kWarmUpTasks = 50'000;
constexpr int kChunks = 40;
constexpr auto kSettle = std::chrono::milliseconds(250);
constexpr int64_t kHourMs = 3'600'000;
constexpr int64_t kSpanMs = 90 * 24 * kHourMs;
constexpr Seconds kLongest{600};

struct Sample {
  double tasks;
  double bytes;
};

double Slope(const std::vector<Sample>& samples) {
  double tasks = 0;
  double bytes = 0;
  for (const Sample& sample : samples) {
    tasks += sample.tasks / samples.size();
    bytes += sample.bytes / samples.size();
  }
  double above = 0;
  double below = 0;
  for (const Sample& sample : samples) {
    above += (sample.tasks - tasks) * (sample.bytes - bytes);
    below += (sample.tasks - tasks) * (sample.tasks - tasks);
  }
  return above / below;
}

// Issues one task, again and again until that is accepted.
void IssueOne(const std::string& target) {
  Stubs stubs(target);
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(120));
  v1::IssueTaskRequest request;
  v1::IssueTaskResponse response;
  FillIssue(request);
  const grpc::Status status = stubs.tasks->IssueTask(&context, request, &response);
  if (!status.ok()) throw std::runtime_error("after the restart: " + status.error_message());
}

}  // namespace

WaitingBroker::WaitingBroker(const Options& options) : options_(options), folder_(options.folder) {
  server_ = std::make_unique<BrokerServer>(options.server, folder_.path());
  WarmUp();
  std::vector<Sample> samples;
  for (int chunk = 0; chunk <= kChunks; ++chunk) {
    if (chunk > 0) Load(options.waiting / kChunks);
    std::this_thread::sleep_for(kSettle);
    samples.push_back({static_cast<double>(options.waiting) / kChunks * chunk, ResidentBytes(server_->process())});
  }
  bytes_per_task_ = Slope(samples);
  server_->WaitUntilQuiet();
}

// Little by little: memory that many tasks had at once and gave back would hide what the waiting ones take.
void WaitingBroker::WarmUp() {
  LoadShape shape{2, 8, Seconds(0), kLongest};
  shape.quiet = true;
  for (int round = 0; round < kWarmUpRounds; ++round) {
    BatchIssueTraffic issue(kWarmUpTasks);
    RunLoad("issuing", issue, server_->target(), server_->process(), shape);
    BatchSettleTraffic settle(issue.tokens);
    RunLoad("resolving", settle, server_->target(), server_->process(), shape);
  }
  server_->WaitUntilQuiet();
}

// Deadlines lie between an hour and three months ahead, at random.
void WaitingBroker::Load(uint64_t count) {
  static std::mt19937_64 random(1);
  BatchIssueTraffic traffic(count, [](v1::IssueTaskRequest& request) {
    SetTimeout(kHourMs + static_cast<int64_t>(random() % kSpanMs), request);
  });
  traffic.keep_tokens = false;
  LoadShape shape{2, 8, Seconds(0), kLongest};
  shape.quiet = true;
  const LoadResult result = RunLoad("loading", traffic, server_->target(), server_->process(), shape);
  if (result.items != count) throw std::runtime_error("loading did not end");
}

double WaitingBroker::MeasureIdle(Seconds time) const {
  server_->WaitUntilQuiet();
  const double before = CpuSeconds(server_->process());
  std::this_thread::sleep_for(time);
  return (CpuSeconds(server_->process()) - before) / time.count();
}

double WaitingBroker::Restart(int signal) {
  server_->Stop(signal);
  const auto before = std::chrono::steady_clock::now();
  server_ = std::make_unique<BrokerServer>(options_.server, folder_.path());
  IssueOne(server_->target());
  return Seconds(std::chrono::steady_clock::now() - before).count();
}

}  // namespace tokenbroker::benchmarks
