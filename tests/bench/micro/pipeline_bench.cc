// The broker without its doors, everything on one thread: a round of the committer for so many operations at once. Over
// the store in memory this is the rules' cost; RocksDB adds its own, and the sync.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <random>
#include <vector>

#include "server/broker/broker.h"
#include "tests/bench/micro/temp_store.h"
#include "tests/bench/sample.h"

namespace tokenbroker::benchmarks {
namespace {

using broker::IssueOperation;
using broker::Operation;
using broker::ResolveOperation;

constexpr TimeMs kStart = 1'795'000'000'000;

class Answers : public broker::Submission {
 public:
  Answers() : Submission(1) {}
  void Expect(size_t operations) { Reset(operations); }

 protected:
  void Done() override {}
};

broker::TokenCodec MakeCodec() {
  broker::TokenKey key;
  key.id = 1;
  key.secret.fill(7);
  return broker::TokenCodec(*broker::KeyRing::Create({key}));
}

// A broker whose committer runs when it is told to. Checkpoints are taken between rounds.
class Bench {
 public:
  explicit Bench(StoreKind kind) : store_(kind), codec_(MakeCodec()), clock_(kStart) {
    auto opened = broker::Broker::Open(
        {}, {*store_, codec_, clock_, executor_, executor_, background_, observer_, [](absl::Status) {}});
    broker_ = *std::move(opened);
  }

  broker::Broker& broker() { return *broker_; }

  void Run(std::vector<Operation*>& operations) {
    answers_.Expect(operations.size());
    for (Operation* operation : operations) operation->submission = &answers_;
    broker_->Submit(operations);
    broker_->RunOnce();
    while (executor_.RunOne()) {
    }
    while (background_.RunOne()) {
    }
  }

  // Makes so many tasks and returns them.
  std::vector<storage::Sequence> Issue(size_t count) {
    std::deque<IssueOperation> issues(count);
    std::vector<Operation*> operations;
    std::vector<std::string> ids(count);
    for (size_t i = 0; i < count; ++i) {
      ids[i] = RequestId(next_id_++);
      Fill(issues[i], ids[i]);
      operations.push_back(&issues[i]);
    }
    Run(operations);
    std::vector<storage::Sequence> tasks;
    for (const IssueOperation& issue : issues) tasks.push_back(issue.task);
    return tasks;
  }

  void Fill(IssueOperation& issue, std::string_view request_id) {
    issue.principal = &principal_;
    issue.request.name_space = kNamespace;
    issue.request.request_id = request_id;
    issue.request.timeout = 3'600'000;
    issue.request.input = SampleInput();
    broker_->Prepare(issue);
  }

  void Fill(ResolveOperation& resolve, std::string_view token) {
    resolve.principal = &principal_;
    resolve.address = broker_->AddressOfToken(token);
    resolve.output = kOutput;
  }

 private:
  TempStore store_;
  broker::TokenCodec codec_;
  ManualClock clock_;
  ManualExecutor executor_;
  ManualExecutor background_;
  broker::Observer observer_;
  broker::Principal principal_;
  Answers answers_;
  std::unique_ptr<broker::Broker> broker_;
  uint64_t next_id_ = 0;
};

// A door's whole part is in here, too, but for the protocol: hashing the names, sealing the token.
void BM_PipelineIssue(benchmark::State& state) {
  Bench bench(static_cast<StoreKind>(state.range(0)));
  const size_t group = state.range(1);
  for (auto _ : state) {
    for (storage::Sequence task : bench.Issue(group)) benchmark::DoNotOptimize(bench.broker().TokenOf(task));
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * group));
}

void BM_PipelineResolve(benchmark::State& state) {
  Bench bench(static_cast<StoreKind>(state.range(0)));
  const size_t group = state.range(1);
  std::mt19937_64 random(1);
  std::vector<std::string> tokens;
  for (auto _ : state) {
    if (tokens.size() < group) {
      state.PauseTiming();
      while (tokens.size() < std::max<size_t>(group, 500'000)) {
        for (storage::Sequence task : bench.Issue(5'000)) tokens.push_back(bench.broker().TokenOf(task));
      }
      std::shuffle(tokens.begin(), tokens.end(), random);
      state.ResumeTiming();
    }
    std::deque<ResolveOperation> resolves(group);
    std::vector<Operation*> operations;
    for (size_t i = 0; i < group; ++i) {
      bench.Fill(resolves[i], tokens[tokens.size() - 1 - i]);
      operations.push_back(&resolves[i]);
    }
    bench.Run(operations);
    if (resolves.front().verdict != broker::Verdict::kAccepted) return state.SkipWithError("refused");
    tokens.resize(tokens.size() - group);
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * group));
}

void Sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"store", "group"})
      ->ArgsProduct({{static_cast<int>(StoreKind::kMemory), static_cast<int>(StoreKind::kRocksDbNoSync),
                      static_cast<int>(StoreKind::kRocksDb)},
                     {1, 256, 1600}})
      ->MeasureProcessCPUTime()
      ->UseRealTime();
}
BENCHMARK(BM_PipelineIssue)->Apply(Sizes);
BENCHMARK(BM_PipelineResolve)->Apply(Sizes);

}  // namespace
}  // namespace tokenbroker::benchmarks
