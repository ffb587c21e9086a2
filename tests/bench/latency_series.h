// Latencies, each beside what the disk took at that time.
#pragma once

#include <string>
#include <vector>

#include "tests/bench/calm.h"
#include "tests/bench/machine.h"
#include "tests/bench/report.h"

namespace tokenbroker::benchmarks {

// What a lone commit writes: a task's record with its page and its place in the write-ahead log.
inline constexpr size_t kCommitBytes = 256;

// The median time of an `fdatasync` of that.
inline double CommitSyncUs(const std::string& folder) { return MeasureSync(folder, kCommitBytes).growing_us; }

class LatencySeries {
 public:
  // `stolen`: the share of the machine's time that others had meanwhile.
  void Add(double latency_us, double sync_us, double stolen) {
    latencies_.push_back({latency_us, stolen});
    syncs_.push_back({sync_us, stolen});
    ratios_.push_back({latency_us / sync_us, stolen});
  }

  // For comparison.
  Row AsRow(const char* id, const char* name) const {
    Row row{id, name, MedianOfCalm(latencies_), "us", MedianOfCalm(syncs_), "fdatasync"};
    row.median_ratio = MedianOfCalm(ratios_);
    return row;
  }

  // With a pass line, in times the disk's.
  Row AsRow(const char* id, const char* name, double limit) const {
    Row row = AsRow(id, name);
    row.must = Must::kStayBelow;
    row.limit = limit;
    return row;
  }

 private:
  std::vector<Sample> latencies_;
  std::vector<Sample> syncs_;
  std::vector<Sample> ratios_;
};

}  // namespace tokenbroker::benchmarks
