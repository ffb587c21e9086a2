// What the numbers depend on besides the broker: the machine, its disk, a process's use of both.
#pragma once

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

// CPU time that the process has used so far, user and system, all threads.
double CpuSeconds(pid_t process);
// Memory of its own that the process has in RAM.
double ResidentBytes(pid_t process);

}  // namespace tokenbroker::benchmarks
