// The parts of a run. Each adds its rows to the report; later parts use what earlier ones measured.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/bench/broker_server.h"
#include "tests/bench/options.h"
#include "tests/bench/report.h"
#include "tests/testing/temp_folder.h"

namespace tokenbroker::benchmarks {

// Rates, in items a second; 0 where not measured.
struct Measured {
  double issue = 0;
  double batch_issue = 0;
  double resolve = 0;
  double batch_resolve = 0;
  // Records in one commit, on average.
  double issue_group = 0;
  double batch_issue_group = 0;
};

struct Bench {
  const Options& options;
  Report& report;
  Measured measured;
};

// A fresh broker, and the folder it lives in.
struct FreshBroker {
  explicit FreshBroker(const Options& options) : folder(options.folder), server(options.server, folder.path()) {}
  std::string target() const { return server.target(); }

  testing::TempFolder folder;
  BrokerServer server;
};

// P1, P2, P3, P3b, HB, P7, P7b, and with them P6, P7i, P8, P8o, which are about a broker with many waiting tasks.
void MeasureThroughput(Bench& bench);
// P5: one caller alone.
void MeasureLoneCalls(Bench& bench);
// P5h: callers at half of the highest rate.
void MeasureHalfLoad(Bench& bench);
// P6l.
void MeasureExpiry(Bench& bench);
// H1, H2, H3: the HTTP door.
void MeasureHttp(Bench& bench);
// H4: what a long poll costs.
void MeasureLongPolls(Bench& bench);
// F1, F2, F4: forwarding to a target that answers at once.
void MeasureForwarding(Bench& bench);
// F3: what was owed while the target was down.
void MeasureBacklog(Bench& bench);
// P11: forwarding within a quota.
void MeasureQuota(Bench& bench);
// P1.rocksdb, P2.rocksdb: what the disk and RocksDB alone would do.
void MeasureRocksDb(Bench& bench);
// P1.postgres, P2.postgres, P3.postgres, P3b.postgres.
void MeasurePostgres(Bench& bench);

}  // namespace tokenbroker::benchmarks
