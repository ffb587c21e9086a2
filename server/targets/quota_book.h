// One quota for each account, region and API, whoever calls.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "server/targets/call_quota.h"

namespace tokenbroker::targets {

// Thread-safe. As many quotas as the configuration has accounts and regions.
class QuotaBook {
 public:
  // Both must outlive the book and its quotas.
  QuotaBook(const Clock& clock, outbound::Timers& timers) : clock_(clock), timers_(timers) {}

  // What the account may use, for each API, instead of what AWS publishes. Before the first For. False if something
  // else was granted before.
  bool Grant(std::string_view account, std::string_view region, Quota quota) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return granted_.try_emplace({std::string(account), std::string(region)}, quota).first->second == quota;
  }

  // "SendTaskSuccess". The same for the same names.
  std::shared_ptr<CallQuota> For(std::string_view account, std::string_view region, std::string_view api) {
    const std::lock_guard<std::mutex> lock(mutex_);
    auto& quota = quotas_[{std::string(account), std::string(region), std::string(api)}];
    if (quota == nullptr) {
      const auto granted = granted_.find({std::string(account), std::string(region)});
      quota = std::make_shared<CallQuota>(granted == granted_.end() ? PublishedQuota(region) : granted->second, clock_,
                                          timers_);
    }
    return quota;
  }

 private:
  const Clock& clock_;
  outbound::Timers& timers_;
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, Quota> granted_;  // guarded by mutex_
  // Shared with those who call.
  std::map<std::tuple<std::string, std::string, std::string>, std::shared_ptr<CallQuota>> quotas_;  // guarded by mutex_
};

}  // namespace tokenbroker::targets
