// What the numbers depend on besides the broker: the machine, its disk, a process's use of both.
#pragma once

#include <sched.h>
#include <sys/types.h>

#include <cstddef>
#include <string>

namespace tokenbroker::benchmarks {

// One line: processor, cores, kernel, load, build type.
std::string DescribeMachine();

struct SyncTimes {
  double preallocated_us = 0;  // overwriting a file that has its size and its blocks
  double growing_us = 0;       // appending to a file whose blocks are reserved, as RocksDB's write-ahead log does
};
// The median time of a write of so many bytes with its fdatasync, in the folder.
SyncTimes MeasureSync(const std::string& folder, size_t bytes);

// How much of the machine others have: a hypervisor may give its processors away for a while ("steal" in proc(5)). Zero
// where nobody does, or says so.
class StolenTime {
 public:
  StolenTime() { Share(); }
  // Of all processors' time since the last call, or since the beginning: between 0 and 1.
  double Share();

 private:
  double stolen_ = 0;
  double all_ = 0;
};

// CPU time that the process has used so far, user and system, all threads.
double CpuSeconds(pid_t process);
// Memory of its own that the process has in RAM.
double ResidentBytes(pid_t process);

// Keeps the calling thread, and threads that it starts, on the last of the processors that it may use; the server may
// use all. A load that the scheduler moves about measures the scheduler. Nothing on a machine with one processor.
class OneProcessor {
 public:
  OneProcessor();
  ~OneProcessor();
  OneProcessor(const OneProcessor&) = delete;
  OneProcessor& operator=(const OneProcessor&) = delete;

 private:
  cpu_set_t before_;
};

}  // namespace tokenbroker::benchmarks
