// tokenbroker_bench --server PATH [--quick] [--full] [--json FILE] [--only IDS]: see docs/benchmarks.md.
#include <cstdio>
#include <exception>
#include <string>

#include "absl/synchronization/mutex.h"
#include "tests/bench/bench.h"
#include "tests/bench/calm.h"
#include "tests/bench/machine.h"
#include "tests/bench/options.h"
#include "tests/bench/report.h"

namespace tokenbroker::benchmarks {
namespace {

constexpr size_t kRecordBytes = 256;

void Describe(const Options& options, Report& report) {
  report.Note(DescribeMachine());
  const testing::TempFolder folder(options.folder);
  const SyncTimes sync = MeasureSync(folder.path(), kRecordBytes);
  char text[128];
  std::snprintf(text, sizeof text, "fdatasync p50 in %s: %.0f us preallocated, %.0f us growing", options.folder.c_str(),
                sync.preallocated_us, sync.growing_us);
  report.Note(text);
}

void DescribeStolen(double share, Report& report) {
  if (share <= kMostStolen) return;
  char text[128];
  std::snprintf(text, sizeof text, "others had %.0f %% of the machine's time during this run", 100 * share);
  report.Note(text);
}

void Measure(Bench& bench) {
  const Options& options = bench.options;
  if (options.Wants({"P1", "P2", "P3", "P3b", "HB", "P7", "P7b", "P6", "P7i", "P8", "P8.issue", "P8.batch",
                     "P8.resolve", "P8o"})) {
    MeasureThroughput(bench);
  }
  if (options.Wants({"P5", "P5.p99"})) MeasureLoneCalls(bench);
  if (options.Wants({"P5h", "P5h.null", "P5h.disk", "P5h.all", "P5h.rate"})) MeasureHalfLoad(bench);
  if (options.Wants({"P6l"})) MeasureExpiry(bench);
  if (options.Wants({"H1", "H1.cpu", "H2", "H2.cpu", "H3", "H3.batch"})) MeasureHttp(bench);
  if (options.Wants({"H4"})) MeasureLongPolls(bench);
  if (options.Wants({"F1", "F1.cpu", "F2", "F2.p99", "F4", "F4.p99", "F4.sends"})) MeasureForwarding(bench);
  if (options.Wants({"F3", "F3.rate", "F3.again"})) MeasureBacklog(bench);
  if (options.Wants({"P11", "P11.beyond", "P11.lost", "P11.again"})) MeasureQuota(bench);
  if (options.Wants({"P1.rocksdb", "P2.rocksdb"})) MeasureRocksDb(bench);
  if (options.Wants({"P1.postgres", "P2.postgres", "P3.postgres", "P3b.postgres"})) MeasurePostgres(bench);
}

int Finish(const Options& options, const Report& report) {
  if (!options.json.empty() && !report.WriteJson(options.json)) {
    std::fprintf(stderr, "cannot write %s\n", options.json.c_str());
    return 2;
  }
  const std::vector<std::string> missed = report.Missed();
  if (missed.empty()) return 0;
  std::string all;
  for (const std::string& id : missed) all += " " + id;
  std::printf("# missed:%s\n", all.c_str());
  return options.gate ? 1 : 0;
}

int Main(int argc, char** argv) {
  const Options options = ParseOptions(argc, argv);
  Report report;
  try {
    Describe(options, report);
    Bench bench{options, report, {}};
    StolenTime stolen;
    Measure(bench);
    DescribeStolen(stolen.Share(), report);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tokenbroker_bench: %s\n", error.what());
    return 2;
  }
  return Finish(options, report);
}

}  // namespace
}  // namespace tokenbroker::benchmarks

int main(int argc, char** argv) {
  // Debian's Abseil and gRPC are built with the checks of a debug build: see server/main.cc.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  return tokenbroker::benchmarks::Main(argc, argv);
}
