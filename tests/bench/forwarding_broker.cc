#include "tests/bench/forwarding_broker.h"

#include <fstream>
#include <map>
#include <stdexcept>
#include <utility>

#include "tests/bench/forward_traffic.h"

namespace tokenbroker::benchmarks {
namespace {

const std::map<std::string, std::string> kCredentials = {
    {"AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"}, {"AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}};

LoadShape AtOnce() {
  LoadShape shape{2, 8, Seconds(0), Seconds(600)};
  shape.quiet = true;
  return shape;
}

// The configuration file, written.
std::string Configure(const std::string& folder, const std::string& url, SendQuota quota) {
  const std::string path = folder + "/bench.yaml";
  std::ofstream file(path);
  file << "forwarding:\n"
       << "  default_target: states\n"
       << "  backoff_max: 1s\n"
       << "targets:\n"
       << "  states:\n"
       << "    kind: step_functions\n"
       << "    region: eu-west-1\n"
       << "    account: bench\n"
       << "    endpoint: " << url << "\n"
       << "    quota_per_second: " << quota.per_second << "\n"
       << "    quota_burst: " << quota.burst << "\n";
  return path;
}

}  // namespace

ForwardingBroker::ForwardingBroker(const Options& options, const std::string& target_url, SendQuota quota)
    : folder_(options.folder),
      server_(options.server, folder_.path(), {"--config", Configure(folder_.path(), target_url, quota)},
              kCredentials) {}

void ForwardingBroker::Issue(uint64_t count) {
  ForwardedIssueTraffic traffic(count);
  const LoadResult result = RunLoad("issuing", traffic, target(), server_.process(), AtOnce());
  if (result.items != count) throw std::runtime_error("not all tasks were issued");
  tokens_ = std::move(traffic.tokens);
}

void ForwardingBroker::Settle(uint64_t count) {
  ForwardedBatchSettleTraffic traffic(tokens_, settled_, settled_ + count);
  const LoadResult result = RunLoad("settling", traffic, target(), server_.process(), AtOnce());
  if (result.items != count) throw std::runtime_error("not all tasks were settled");
  settled_ += count;
}

LoadResult ForwardingBroker::SettleSingly(const std::string& what, const LoadShape& shape) {
  ForwardedSettleTraffic traffic(tokens_, settled_, tokens_.size());
  LoadResult result = RunLoad(what, traffic, target(), server_.process(), shape);
  settled_ = traffic.next();
  return result;
}

}  // namespace tokenbroker::benchmarks
