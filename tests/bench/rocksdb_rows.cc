// What RocksDB alone does with the same bytes in groups of the same size: one thread, one synced write a group. No
// calls, no tokens, no rules: a bound for whatever stands on it.
#include <chrono>
#include <memory>
#include <stdexcept>

#include "rocksdb/db.h"
#include "rocksdb/write_batch.h"
#include "storage/log_entry.h"
#include "tests/bench/bench.h"
#include "tests/bench/sample.h"

namespace tokenbroker::benchmarks {
namespace {

constexpr size_t kPrefix = 9;  // as the broker's keys: a byte and a number

void AppendKey(uint64_t number, std::string& key) {
  key.assign(1, '\0');
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(number >> shift));
}

double TasksPerSecond(rocksdb::DB& db, uint64_t& number, size_t group, Seconds time) {
  rocksdb::WriteOptions synced;
  synced.sync = true;
  rocksdb::WriteBatch batch;
  std::string key;
  key.reserve(kPrefix);
  std::string value;
  uint64_t written = 0;
  const auto begin = std::chrono::steady_clock::now();
  auto now = begin;
  for (; now - begin < time; now = std::chrono::steady_clock::now()) {
    batch.Clear();
    for (size_t i = 0; i < group; ++i) {
      AppendKey(++number, key);
      value.clear();
      storage::EncodeEntry(SampleEntry(RequestId(number)), value);
      batch.Put(key, value);
    }
    if (!db.Write(synced, &batch).ok()) throw std::runtime_error("RocksDB refused a write");
    written += group;
  }
  return static_cast<double>(written) / Seconds(now - begin).count();
}

void AddRow(Bench& bench, rocksdb::DB& db, uint64_t& number, const char* id, const char* name, double value,
            double group) {
  if (value == 0 || !bench.options.Wants({id})) return;
  const size_t records = group < 1 ? 1 : static_cast<size_t>(group + 0.5);
  const double rate = TasksPerSecond(db, number, records, bench.options.run);
  const std::string base = "RocksDB, by " + std::to_string(records);
  bench.report.Add({id, name, value, "tasks/s", rate, base, Must::kNone, 0});
}

}  // namespace

void MeasureRocksDb(Bench& bench) {
  const testing::TempFolder folder(bench.options.folder);
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* opened = nullptr;
  if (!rocksdb::DB::Open(options, folder.path() + "/raw", &opened).ok())
    throw std::runtime_error("RocksDB did not open");
  const std::unique_ptr<rocksdb::DB> db(opened);
  uint64_t number = 0;
  const Measured& measured = bench.measured;
  AddRow(bench, *db, number, "P1.rocksdb", "P1 beside raw synced groups", measured.issue, measured.issue_group);
  AddRow(bench, *db, number, "P2.rocksdb", "P2 beside raw synced groups", measured.batch_issue,
         measured.batch_issue_group);
}

}  // namespace tokenbroker::benchmarks
