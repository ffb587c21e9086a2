#include "tests/bench/machine.h"

#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "tests/bench/report.h"
#include "tests/bench/scratch_file.h"

namespace tokenbroker::benchmarks {
namespace {

constexpr int kSyncs = 300;
constexpr off_t kFileBytes = 4 << 20;

std::string CpuModel() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown processor";
}

std::string LoadAverage() {
  std::ifstream file("/proc/loadavg");
  std::string load;
  file >> load;
  return load;
}

double MedianSync(ScratchFile& file, size_t bytes) {
  const std::string data(bytes, 'd');
  std::vector<double> times;
  for (int i = 0; i < kSyncs; ++i) {
    const auto before = std::chrono::steady_clock::now();
    file.Sync(data);
    times.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - before).count());
  }
  return Median(std::move(times));
}

void Preallocate(int file) {
  const std::string zeros(kFileBytes, '\0');
  if (write(file, zeros.data(), zeros.size()) != kFileBytes || fsync(file) != 0 || lseek(file, 0, SEEK_SET) != 0) {
    throw std::runtime_error("preallocating failed");
  }
}

}  // namespace

std::string DescribeMachine() {
  utsname system;
  uname(&system);
  std::ostringstream line;
  line << CpuModel() << ", " << std::thread::hardware_concurrency() << " cores, " << system.sysname << " "
       << system.release << ", load " << LoadAverage() << ", build " << TB_BUILD_TYPE;
  return line.str();
}

SyncTimes MeasureSync(const std::string& folder, size_t bytes) {
  SyncTimes times;
  {
    ScratchFile file(folder + "/sync.preallocated");
    Preallocate(file.descriptor());
    times.preallocated_us = MedianSync(file, bytes);
  }
  ScratchFile file(folder + "/sync.growing");
  if (fallocate(file.descriptor(), FALLOC_FL_KEEP_SIZE, 0, kFileBytes) != 0)
    throw std::runtime_error("fallocate failed");
  times.growing_us = MedianSync(file, bytes);
  return times;
}

double StolenTime::Share() {
  constexpr int kStolen = 7;
  constexpr int kFields = 8;  // behind them stands what is counted among the first already
  std::ifstream file("/proc/stat");
  std::string skipped;
  file >> skipped;
  double stolen = 0;
  double all = 0;
  for (int i = 0; i < kFields; ++i) {
    double ticks = 0;
    file >> ticks;
    all += ticks;
    if (i == kStolen) stolen = ticks;
  }
  const double stolen_since = stolen - std::exchange(stolen_, stolen);
  const double all_since = all - std::exchange(all_, all);
  return all_since > 0 ? stolen_since / all_since : 0;
}

double CpuSeconds(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string line;
  std::getline(file, line);
  std::istringstream fields(line.substr(line.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double ResidentBytes(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("RssAnon:", 0) == 0) return std::stod(line.substr(8)) * 1024;
  }
  return 0;
}

OneProcessor::OneProcessor() {
  CPU_ZERO(&before_);
  sched_getaffinity(0, sizeof before_, &before_);
  int last = CPU_SETSIZE - 1;
  while (last > 0 && !CPU_ISSET(last, &before_)) --last;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(last, &one);
  if (CPU_COUNT(&before_) > 1) sched_setaffinity(0, sizeof one, &one);
}

OneProcessor::~OneProcessor() { sched_setaffinity(0, sizeof before_, &before_); }

}  // namespace tokenbroker::benchmarks
