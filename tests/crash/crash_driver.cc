// Kills the real broker over and over while clients work, and holds every answer it gave against what it says
// afterwards.
//
//   crash_driver --binary build/bin/tokenbroker --cycles 1000 --seed 7 --failpoints --sources .
//
// One cycle: start, audit, work, and then one of
//   kill       SIGKILL at a random moment
//   failpoint  a crash at a named place (with --failpoints)
//   pause      SIGSTOP for a while, then SIGKILL
//   stop       SIGTERM: exit code 0, and every wait ends with DRAINING
// A quarter of the tasks have a target, whose engine is here, behind a bad line. At the end the line is good, and all
// that is owed must arrive.
//
// The store is the same from the first cycle to the last. Ends with 1 and keeps the folder if anything was wrong.
#include <signal.h>
#include <sys/wait.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/crash/audit.h"
#include "tests/crash/engines.h"
#include "tests/crash/expectations.h"
#include "tests/crash/failpoint_sites.h"
#include "tests/crash/traffic.h"
#include "tests/crash/watcher.h"
#include "tests/testing/broker_process.h"
#include "tests/testing/child_process.h"
#include "tests/testing/temp_folder.h"
#include "tests/testing/text_file.h"

namespace tokenbroker::testing {
namespace {

// The least that server/config allows.
constexpr DurationMs kRetention = 60'000;
constexpr DurationMs kWatchLimit = 20'000;
constexpr int kEverythingEvery = 10;
constexpr int kVerifyEvery = 10;

struct Arguments {
  std::string binary;
  std::string folder;
  std::string sources;
  int cycles = 50;
  uint64_t seed = 0;
  bool failpoints = false;
  bool watch = true;
  DurationMs load_ms = 1000;
};

void Sleep(DurationMs ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

// Those that its calls can reach: folders of files and queues are not among them.
std::vector<std::string> SitesIn(const std::string& sources) {
  return FindFailpoints({sources + "/server/broker", sources + "/server/forward", sources + "/storage"});
}

class CrashDriver {
 public:
  explicit CrashDriver(const Arguments& arguments);
  bool Run();

 private:
  enum class Event { kKill, kFailpoint, kPause, kStop };

  bool Cycle(int cycle);
  Event PickEvent();
  bool Start(Event event);
  bool AuditNow(int cycle, Event event);
  void Work(Event event, Traffic& traffic);
  void AwaitFailpoint(Traffic& traffic);
  void Stop(Traffic& traffic);
  void Verify();
  bool AwaitDeliveries();
  void NoteUnexpectedEnd(int status);
  void PrintSummary(TimeMs started) const;

  const Arguments arguments_;
  Random random_;
  BrokerOptions broker_;
  Violations violations_;
  Expectations expectations_{violations_, kRetention};
  Watcher watcher_{expectations_, violations_};
  Engines engines_;
  FailpointSites sites_;
  std::unique_ptr<BrokerProcess> process_;
  bool armed_ = false;
  std::map<std::string, int> events_;
  uint64_t answered_ = 0;
  uint64_t looked_ = 0;
  uint64_t drained_waits_ = 0;
  int verified_ = 0;
  DurationMs slowest_start_ = 0;
};

CrashDriver::CrashDriver(const Arguments& arguments)
    : arguments_(arguments),
      random_(arguments.seed),
      engines_(expectations_, violations_, arguments.seed),
      sites_(arguments.failpoints ? SitesIn(arguments.sources) : std::vector<std::string>()) {
  broker_.binary = arguments.binary;
  broker_.folder = arguments.folder;
  // As small as is allowed, so that checkpoints and retention are part of every run.
  broker_.flags = {"--storage-checkpoint-entries",
                   "1000",
                   "--storage-checkpoint-interval",
                   "1s",
                   "--retention-resolved",
                   "1m",
                   "--retention-hold-after",
                   "1m",
                   "--drain-timeout",
                   "2s",
                   "--forwarding-backoff-base",
                   "20ms",
                   "--forwarding-backoff-max",
                   "300ms",
                   "--config",
                   arguments.folder + "/config.yaml"};
  std::filesystem::create_directories(arguments.folder);
}

bool CrashDriver::Run() {
  const TimeMs started = NowMs();
  std::printf("crash_driver: seed %llu, folder %s\n", static_cast<unsigned long long>(arguments_.seed),
              arguments_.folder.c_str());
  for (int cycle = 1; cycle <= arguments_.cycles; ++cycle) {
    if (!Cycle(cycle) || violations_.count() > 0) break;
    if (cycle % 25 == 0) PrintSummary(started), std::fflush(stdout);
  }
  watcher_.Stop();
  PrintSummary(started);
  if (violations_.count() == 0) return true;
  std::printf("FAILED: %zu violations with --seed %llu; kept: %s\nEnd of the broker's log:\n%s\n", violations_.count(),
              static_cast<unsigned long long>(arguments_.seed), arguments_.folder.c_str(),
              TailOf(broker_.log()).c_str());
  return false;
}

CrashDriver::Event CrashDriver::PickEvent() {
  const uint64_t dice = random_() % 100;
  if (dice < 8) return Event::kStop;
  if (dice < 16) return Event::kPause;
  return arguments_.failpoints && dice < 80 ? Event::kFailpoint : Event::kKill;
}

bool CrashDriver::Cycle(int cycle) {
  const bool last = cycle == arguments_.cycles;
  const Event event = last ? Event::kStop : PickEvent();
  if (!Start(event) || !AuditNow(cycle, event)) return false;
  Traffic traffic(expectations_, violations_, process_->address(), {}, random_());
  traffic.Start();
  Work(event, traffic);
  traffic.Stop();
  answered_ += traffic.answered();
  drained_waits_ += traffic.drained_waits();
  if (event == Event::kStop && traffic.broken_waits() > 0)
    violations_.Add(absl::StrCat(traffic.broken_waits(), " waits broke while draining"));
  process_.reset();
  if (cycle % kVerifyEvery == 0) Verify();
  if (!last) return true;
  // What is left must be right once more, all of it.
  return Start(Event::kKill) && AwaitDeliveries() && AuditNow(0, Event::kKill);
}

bool CrashDriver::AwaitDeliveries() {
  engines_.CalmDown();
  Audit audit(expectations_, violations_, process_->address(), random_());
  if (audit.AwaitDeliveries([this] { return engines_.taken(); })) return true;
  violations_.Add("the broker went away though nobody killed it");
  return false;
}

bool CrashDriver::Start(Event event) {
  armed_ = event == Event::kFailpoint;
  while (true) {
    broker_.environment = Engines::Environment();
    if (armed_) broker_.environment["TOKENBROKER_FAILPOINTS"] = sites_.Pick(random_);
    const TimeMs before = NowMs();
    std::ofstream(broker_.folder + "/config.yaml") << engines_.Config(expectations_.BrokerStarts());
    absl::StatusOr<std::unique_ptr<BrokerProcess>> process = BrokerProcess::Start(broker_);
    if (process.ok()) {
      slowest_start_ = std::max(slowest_start_, NowMs() - before);
      expectations_.BrokerIsReady();
      process_ = *std::move(process);
      if (arguments_.watch) watcher_.Resume(process_->address());
      return true;
    }
    if (!armed_) {
      violations_.Add(absl::StrCat("the broker does not start: ", process.status().message()));
      return false;
    }
    // A failpoint on the way up.
    sites_.Note(true);
    armed_ = false;
    ++events_["failpoint"];
  }
}

bool CrashDriver::AuditNow(int cycle, Event event) {
  const TimeMs until = NowMs();
  Audit audit(expectations_, violations_, process_->address(), random_());
  const bool complete = audit.Run(cycle % kEverythingEvery == 0);
  looked_ += audit.looked();
  if (complete && arguments_.watch && cycle % 3 == 0) {
    const bool caught_up = watcher_.CatchUp(audit.client(), kWatchLimit);
    // An armed failpoint may end it meanwhile.
    if (process_->Running() && !caught_up) violations_.Add("the watch does not catch up");
    if (process_->Running()) expectations_.CheckWatched(until);
  }
  if (complete) return true;
  const std::optional<int> end = process_->WaitForEnd(2000);
  const bool at_failpoint = armed_ && end.has_value() && WIFSIGNALED(*end) && WTERMSIG(*end) == SIGKILL;
  if (!at_failpoint) {
    violations_.Add("the broker stopped answering an audit");
    if (end.has_value()) NoteUnexpectedEnd(*end);
    return false;
  }
  sites_.Note(true);
  ++events_["failpoint"];
  return Start(Event::kKill) && AuditNow(cycle, Event::kKill);
}

void CrashDriver::Work(Event event, Traffic& traffic) {
  Sleep(arguments_.load_ms / 4 + random_() % (arguments_.load_ms * 3 / 4 + 1));
  if (armed_) AwaitFailpoint(traffic);
  if (!armed_ && !process_->Running()) return NoteUnexpectedEnd(*process_->WaitForEnd(0));
  switch (event) {
    case Event::kStop:
      ++events_["stop"];
      return Stop(traffic);
    case Event::kPause:
      ++events_["pause"];
      process_->Signal(SIGSTOP);
      Sleep(100 + random_() % 1000);
      process_->Signal(SIGCONT);
      Sleep(random_() % 300);
      return process_->Kill();
    case Event::kFailpoint:
    case Event::kKill:
      if (process_->Running()) ++events_["kill"];
      return process_->Kill();
  }
}

void CrashDriver::AwaitFailpoint(Traffic& traffic) {
  traffic.BrokerDrains();
  std::optional<int> end = process_->WaitForEnd(arguments_.load_ms / 2);
  // Some places are passed on the way down only.
  if (!end.has_value()) process_->Signal(SIGTERM), end = process_->WaitForEnd(20'000);
  if (end == 0) end.reset();
  sites_.Note(end.has_value());
  ++events_[end.has_value() ? "failpoint" : "stop"];
  if (end.has_value() && !(WIFSIGNALED(*end) && WTERMSIG(*end) == SIGKILL)) NoteUnexpectedEnd(*end);
}

void CrashDriver::Stop(Traffic& traffic) {
  traffic.BrokerDrains();
  process_->Signal(SIGTERM);
  const std::optional<int> end = process_->WaitForEnd(20'000);
  if (!end.has_value()) return violations_.Add("SIGTERM did not end the broker in 20 s");
  if (*end != 0) NoteUnexpectedEnd(*end);
}

void CrashDriver::NoteUnexpectedEnd(int status) {
  violations_.Add(absl::StrCat("the broker ended by itself with ", DescribeEnd(status), ":\n", TailOf(broker_.log())));
}

void CrashDriver::Verify() {
  const CommandResult result = RunCommand({arguments_.binary, "verify", broker_.data()});
  ++verified_;
  if (!result.ok())
    violations_.Add(absl::StrCat("tokenbroker verify: ", DescribeEnd(result.status), "\n", result.output));
}

void CrashDriver::PrintSummary(TimeMs started) const {
  std::string events;
  int cycles = 0;
  for (const auto& [name, count] : events_) {
    absl::StrAppend(&events, events.empty() ? "" : ", ", name, " ", count);
    cycles += count;
  }
  std::printf(
      "%d crashes and stops (%s) in %.0f s: %llu answers, %llu checks, %zu tasks in mind, %llu waits drained, "
      "%d offline verifications, slowest start %lld ms, %zu violations\n",
      cycles, events.c_str(), (NowMs() - started) / 1000.0, static_cast<unsigned long long>(answered_),
      static_cast<unsigned long long>(looked_), expectations_.size(), static_cast<unsigned long long>(drained_waits_),
      verified_, static_cast<long long>(slowest_start_), violations_.count());
  std::printf("%s\n", engines_.Summary().c_str());
  if (arguments_.failpoints) {
    std::printf("failpoints: %s; never fired: %zu\n", sites_.Summary().c_str(), sites_.never_fired());
  }
}

}  // namespace
}  // namespace tokenbroker::testing

int main(int argc, char** argv) {
  using tokenbroker::testing::Arguments;
  Arguments arguments;
  arguments.seed = std::chrono::steady_clock::now().time_since_epoch().count() % 1'000'000;
  CLI::App app("Kills the broker over and over and checks what it acknowledged.");
  app.add_option("--binary", arguments.binary, "the tokenbroker to kill")->required();
  app.add_option("--folder", arguments.folder, "where the store is; made, and kept if anything is wrong");
  app.add_option("--sources", arguments.sources, "the checkout, to find the failpoints in");
  app.add_option("--cycles", arguments.cycles, "how often");
  app.add_option("--seed", arguments.seed, "repeats the choices of another run");
  app.add_option("--load", arguments.load_ms, "milliseconds of work in a cycle");
  app.add_flag("--watch,!--no-watch", arguments.watch, "follow namespace 0 through all crashes");
  app.add_flag("--failpoints", arguments.failpoints, "crash at named places most of the time; needs --sources");
  CLI11_PARSE(app, argc, argv);
  if (arguments.folder.empty()) arguments.folder = tokenbroker::testing::MakeTemporaryFolder("crash");
  const bool ok = tokenbroker::testing::CrashDriver(arguments).Run();
  if (ok) std::filesystem::remove_all(arguments.folder);
  return ok ? 0 : 1;
}
