// Sixteen clients race to settle the same tasks, each with several outcomes, repetitions and lost replies, at the real
// binary; then every task's history must have one winner and every answer must agree with it.
//
//   racing_resolves --binary build/bin/tokenbroker --resolves 100000000 --crashes
//
// Most calls go in batches, some one by one and some through a stream. With --crashes the broker is killed now and
// then.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/crash/outcomes.h"
#include "tests/racing/history.h"
#include "tests/testing/broker_client.h"
#include "tests/testing/broker_process.h"
#include "tests/testing/temp_folder.h"

namespace tokenbroker::testing {
namespace {

constexpr int kClients = 16;
constexpr size_t kTasksPerRound = 40'000;
constexpr size_t kIssueItems = 500;
constexpr size_t kSettleItems = 400;
constexpr DurationMs kTimeout = 24 * 3'600'000;
constexpr DurationMs kBetweenCrashes = 1500;

struct Arguments {
  std::string binary;
  std::string folder;
  uint64_t resolves = 1'000'000;
  uint64_t seed = 0;
  bool crashes = false;
};

// One call to make.
struct Attempt {
  uint32_t task = 0;
  uint8_t choice = 0;
};

class Race {
 public:
  explicit Race(const Arguments& arguments) : arguments_(arguments), random_(arguments.seed) {
    broker_.binary = arguments.binary;
    broker_.folder = arguments.folder;
    broker_.flags = {"--storage-checkpoint-entries", "50000"};
  }

  bool Run();

 private:
  struct Guarded {
    std::mutex mutex;
    TaskHistory history;
  };

  bool Round();
  bool Issue();
  void IssueSome(size_t from);
  std::vector<Attempt> MakeAttempts();
  void Settle(const std::vector<Attempt>& attempts);
  void Client(int client, const Attempt* begin, const Attempt* end);
  void Settle(const BrokerClient& client, const Attempt* begin, const Attempt* end);
  void SettleSingly(const BrokerClient& client, const Attempt* begin, const Attempt* end);
  void SettleByStream(const BrokerClient& client, const Attempt* begin, const Attempt* end);
  void KillNowAndThen();
  void Check();
  bool StartBroker();
  std::shared_ptr<BrokerClient> Connect(int client);
  v1::Settlement SettlementFor(const Attempt& attempt);
  void Note(const Attempt& attempt, const Answer& answer);
  // Nobody knows what became of these: they are sent again.
  void Lost(const Attempt* begin, const Attempt* end);
  void Complain(const std::string& text);

  const Arguments arguments_;
  std::mt19937_64 random_;
  BrokerOptions broker_;
  std::unique_ptr<BrokerProcess> process_;
  std::mutex address_mutex_;
  std::string address_;
  std::atomic<int> generation_{0};
  std::vector<std::unique_ptr<Guarded>> tasks_;
  uint64_t first_serial_ = 1;
  std::atomic<bool> racing_{false};
  std::atomic<uint64_t> sent_{0};
  std::atomic<uint64_t> lost_{0};
  uint64_t winners_ = 0;
  uint64_t lost_wins_ = 0;
  int crashes_ = 0;
  std::atomic<size_t> complaints_{0};
};

void Race::Complain(const std::string& text) {
  if (++complaints_ <= 20) std::fprintf(stderr, "VIOLATION: %s\n", text.c_str());
}

bool Race::StartBroker() {
  absl::StatusOr<std::unique_ptr<BrokerProcess>> process = BrokerProcess::Start(broker_);
  if (!process.ok()) {
    Complain(std::string(process.status().message()));
    return false;
  }
  process_ = *std::move(process);
  std::lock_guard<std::mutex> lock(address_mutex_);
  address_ = process_->address();
  ++generation_;
  return true;
}

std::shared_ptr<BrokerClient> Race::Connect(int client) {
  std::lock_guard<std::mutex> lock(address_mutex_);
  return std::make_shared<BrokerClient>(address_, 30'000);
}

bool Race::Run() {
  std::printf("racing_resolves: seed %llu, folder %s\n", static_cast<unsigned long long>(arguments_.seed),
              arguments_.folder.c_str());
  const TimeMs started = NowMs();
  if (!StartBroker()) return false;
  int rounds = 0;
  for (; sent_ < arguments_.resolves && complaints_ == 0; ++rounds) {
    if (!Round()) return false;
  }
  const double seconds = (NowMs() - started) / 1000.0;
  std::printf(
      "%llu resolves in %.1f s (%.0f a second) in %d rounds: %llu winners, %llu of them in a lost reply; %llu calls "
      "without an answer, %d crashes, %zu violations\n",
      static_cast<unsigned long long>(sent_.load()), seconds, sent_ / seconds, rounds,
      static_cast<unsigned long long>(winners_), static_cast<unsigned long long>(lost_wins_),
      static_cast<unsigned long long>(lost_.load()), crashes_, complaints_.load());
  return complaints_ == 0;
}

bool Race::Round() {
  tasks_.clear();
  for (size_t i = 0; i < kTasksPerRound; ++i) tasks_.push_back(std::make_unique<Guarded>());
  if (!Issue()) return false;
  Settle(MakeAttempts());
  Check();
  first_serial_ += kTasksPerRound;
  return true;
}

bool Race::Issue() {
  std::vector<std::thread> threads;
  for (size_t part = 0; part < 4; ++part) {
    threads.emplace_back([this, part] {
      for (size_t from = part * kIssueItems; from < tasks_.size(); from += 4 * kIssueItems) IssueSome(from);
    });
  }
  for (std::thread& thread : threads) thread.join();
  return complaints_ == 0;
}

void Race::IssueSome(size_t from) {
  const std::shared_ptr<BrokerClient> client = Connect(0);
  v1::BatchIssueTasksRequest request;
  const size_t end = std::min(tasks_.size(), from + kIssueItems);
  for (size_t i = from; i < end; ++i) {
    v1::IssueTaskRequest* item = request.add_items();
    item->set_namespace_("racing");
    *item->mutable_timeout() = ToDuration(kTimeout);
  }
  v1::BatchIssueTasksResponse response;
  const grpc::Status status = client->Call(client->tasks(), &v1::TaskService::Stub::BatchIssueTasks, request, response);
  if (!status.ok()) return Complain("issuing: " + Describe(status));
  for (size_t i = from; i < end; ++i) {
    const auto& item = response.items(static_cast<int>(i - from));
    if (!item.has_issued()) return Complain("issuing: " + item.error().ShortDebugString());
    tasks_[i]->history.task_id = item.issued().task_id();
    tasks_[i]->history.token = item.issued().token();
  }
}

// 2 to 8 outcomes a task, some of them twice or three times, in an order that brings rivals close together.
std::vector<Attempt> Race::MakeAttempts() {
  std::vector<std::pair<uint64_t, Attempt>> placed;
  for (uint32_t task = 0; task < tasks_.size(); ++task) {
    const int outcomes = 2 + static_cast<int>(random_() % 7);
    const int first = static_cast<int>(random_() % kSmallChoices);
    for (int i = 0; i < outcomes; ++i) {
      const uint8_t choice = static_cast<uint8_t>((first + i) % kSmallChoices);
      tasks_[task]->history.sent |= 1u << choice;
      const int copies = random_() % 4 == 0 ? 2 + static_cast<int>(random_() % 2) : 1;
      for (int copy = 0; copy < copies; ++copy) placed.push_back({task + random_() % 4000, {task, choice}});
    }
  }
  std::sort(placed.begin(), placed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Attempt> attempts;
  for (const auto& [place, attempt] : placed) attempts.push_back(attempt);
  return attempts;
}

// Every client gets every sixteenth attempt, so that all work on the same tasks at the same time.
void Race::Settle(const std::vector<Attempt>& attempts) {
  std::vector<std::vector<Attempt>> shares(kClients);
  for (size_t i = 0; i < attempts.size(); ++i) shares[i % kClients].push_back(attempts[i]);
  std::atomic<int> running{kClients};
  racing_ = true;
  std::vector<std::thread> threads;
  for (int client = 0; client < kClients; ++client) {
    threads.emplace_back([this, client, &shares, &running] {
      Client(client, shares[client].data(), shares[client].data() + shares[client].size());
      if (--running == 0) racing_ = false;
    });
  }
  // Here, because a child dies with the thread that started it.
  if (arguments_.crashes) KillNowAndThen();
  for (std::thread& thread : threads) thread.join();
  sent_ += attempts.size();
}

void Race::KillNowAndThen() {
  TimeMs next = NowMs() + 300;
  while (racing_ && complaints_ == 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    if (NowMs() < next) continue;
    process_->Kill();
    ++crashes_;
    if (!StartBroker()) return;
    next = NowMs() + kBetweenCrashes;
  }
}

void Race::Client(int client, const Attempt* begin, const Attempt* end) {
  std::shared_ptr<BrokerClient> broker = Connect(client);
  int generation = generation_;
  size_t batch = 0;
  while (begin != end && complaints_ == 0) {
    if (generation != generation_) broker = Connect(client), generation = generation_;
    const bool singly = ++batch % 50 == 0;
    const Attempt* until = begin + std::min<size_t>(end - begin, singly ? 20 : kSettleItems);
    if (singly) {
      SettleSingly(*broker, begin, until);
    } else if (client % 8 == 7) {
      SettleByStream(*broker, begin, until);
    } else {
      Settle(*broker, begin, until);
    }
    begin = until;
  }
}

v1::Settlement Race::SettlementFor(const Attempt& attempt) {
  return SettlementOf(ByToken(tasks_[attempt.task]->history.token), first_serial_ + attempt.task, attempt.choice);
}

void Race::Note(const Attempt& attempt, const Answer& answer) {
  Guarded& task = *tasks_[attempt.task];
  std::lock_guard<std::mutex> lock(task.mutex);
  task.history.Note(first_serial_ + attempt.task, attempt.choice, answer);
}

void Race::Lost(const Attempt* begin, const Attempt* end) {
  lost_ += end - begin;
  for (const Attempt* attempt = begin; attempt != end; ++attempt) Note(*attempt, Answer());
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  if (complaints_ > 0) return;
  Settle(*Connect(0), begin, end);
}

void Race::Settle(const BrokerClient& client, const Attempt* begin, const Attempt* end) {
  v1::BatchSettleRequest request;
  for (const Attempt* attempt = begin; attempt != end; ++attempt) *request.add_items() = SettlementFor(*attempt);
  v1::BatchSettleResponse response;
  const grpc::Status status =
      client.Call(client.resolver(), &v1::ResolverService::Stub::BatchSettle, request, response);
  if (!status.ok()) {
    if (!arguments_.crashes) Complain("settling: " + Describe(status));
    return Lost(begin, end);
  }
  for (const Attempt* attempt = begin; attempt != end; ++attempt) {
    Note(*attempt, AnswerOf(response.items(static_cast<int>(attempt - begin))));
  }
}

void Race::SettleSingly(const BrokerClient& client, const Attempt* begin, const Attempt* end) {
  for (const Attempt* attempt = begin; attempt != end; ++attempt) {
    const v1::Settlement settlement = SettlementFor(*attempt);
    v1::SucceedResponse succeeded;
    v1::FailResponse failed;
    const bool succeeds = settlement.has_succeed();
    const grpc::Status status =
        succeeds ? client.Succeed(settlement.succeed(), succeeded) : client.Fail(settlement.fail(), failed);
    if (!status.ok() && ReasonOf(status) == v1::ERROR_REASON_UNSPECIFIED) {
      if (!arguments_.crashes) Complain("settling: " + Describe(status));
      Lost(attempt, attempt + 1);
      continue;
    }
    Note(*attempt, AnswerOf(status, succeeds ? succeeded.verdict() : failed.verdict(), ""));
  }
}

void Race::SettleByStream(const BrokerClient& client, const Attempt* begin, const Attempt* end) {
  grpc::ClientContext context;
  client.SetLimit(context);
  auto stream = client.resolver().SettleStream(&context);
  const size_t step = 50;
  for (const Attempt* from = begin; from < end; from += step) {
    v1::SettleStreamRequest request;
    request.set_batch_id(from - begin);
    for (const Attempt* attempt = from; attempt < std::min(end, from + step); ++attempt) {
      *request.add_items() = SettlementFor(*attempt);
    }
    if (!stream->Write(request)) break;
  }
  stream->WritesDone();
  const Attempt* answered = begin;
  v1::SettleStreamResponse response;
  while (stream->Read(&response)) {
    if (response.batch_id() != static_cast<uint64_t>(answered - begin)) Complain("the stream answers out of order");
    for (const v1::SettlementResult& result : response.items()) Note(*answered++, AnswerOf(result));
  }
  const grpc::Status status = stream->Finish();
  if (!arguments_.crashes && (!status.ok() || answered != end)) Complain("the stream: " + Describe(status));
  if (answered != end) Lost(answered, end);
}

void Race::Check() {
  const std::shared_ptr<BrokerClient> client = Connect(0);
  for (size_t from = 0; from < tasks_.size(); from += kIssueItems) {
    const size_t end = std::min(tasks_.size(), from + kIssueItems);
    v1::BatchGetTasksRequest request;
    request.set_view(v1::TASK_VIEW_FULL);
    for (size_t i = from; i < end; ++i) *request.add_tasks() = ById(tasks_[i]->history.task_id);
    v1::BatchGetTasksResponse response;
    const grpc::Status status = client->Call(client->tasks(), &v1::TaskService::Stub::BatchGetTasks, request, response);
    if (!status.ok()) return Complain("reading: " + Describe(status));
    for (size_t i = from; i < end; ++i) {
      const v1::Task& task = response.items(static_cast<int>(i - from)).task();
      const TaskHistory& history = tasks_[i]->history;
      const std::string wrong =
          history.Judge(EndOf(first_serial_ + i, task.state(), task.outcome(), /*with_output=*/true));
      if (!wrong.empty()) Complain(absl::StrCat("task ", history.task_id, ": ", wrong));
      ++winners_;
      lost_wins_ += history.accepted == 0;
    }
  }
}

}  // namespace
}  // namespace tokenbroker::testing

int main(int argc, char** argv) {
  using tokenbroker::testing::Arguments;
  Arguments arguments;
  arguments.seed = std::chrono::steady_clock::now().time_since_epoch().count() % 1'000'000;
  CLI::App app("Races clients against each other for the same tasks.");
  app.add_option("--binary", arguments.binary, "the tokenbroker to race at")->required();
  app.add_option("--folder", arguments.folder, "where the store is; made, and kept if anything is wrong");
  app.add_option("--resolves", arguments.resolves, "how many calls");
  app.add_option("--seed", arguments.seed, "repeats the choices of another run");
  app.add_flag("--crashes", arguments.crashes, "kill the broker now and then");
  CLI11_PARSE(app, argc, argv);
  if (arguments.folder.empty()) arguments.folder = tokenbroker::testing::MakeTemporaryFolder("racing");
  const bool ok = tokenbroker::testing::Race(arguments).Run();
  if (ok) std::filesystem::remove_all(arguments.folder);
  return ok ? 0 : 1;
}
