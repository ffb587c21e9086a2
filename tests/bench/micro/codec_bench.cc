// What each call pays before and after the store: token, hash, bytes of an entry.
#include <benchmark/benchmark.h>

#include <vector>

#include "server/broker/index_key.h"
#include "server/broker/token_codec.h"
#include "storage/log_entry.h"
#include "tests/bench/sample.h"

namespace tokenbroker::benchmarks {
namespace {

broker::TokenCodec MakeCodec() {
  broker::TokenKey key;
  key.id = 1;
  key.secret.fill(7);
  return broker::TokenCodec(*broker::KeyRing::Create({key}));
}

void BM_TokenSeal(benchmark::State& state) {
  const broker::TokenCodec codec = MakeCodec();
  storage::Sequence task = 0;
  for (auto _ : state) benchmark::DoNotOptimize(codec.Seal({0, ++task, 0}));
}
BENCHMARK(BM_TokenSeal);

void BM_TokenOpen(benchmark::State& state) {
  const broker::TokenCodec codec = MakeCodec();
  const std::string token = codec.Seal({0, 123'456'789, 0});
  broker::TokenContent content;
  for (auto _ : state) benchmark::DoNotOptimize(codec.Open(token, content));
}
BENCHMARK(BM_TokenOpen);

void BM_TokenOpenForged(benchmark::State& state) {
  const broker::TokenCodec codec = MakeCodec();
  std::string token = codec.Seal({0, 123'456'789, 0});
  token[20] = token[20] == 'a' ? 'b' : 'a';
  broker::TokenContent content;
  for (auto _ : state) benchmark::DoNotOptimize(codec.Open(token, content));
}
BENCHMARK(BM_TokenOpenForged);

// Two limits: succeed only, before a time. `forged`: as if somebody had made up another task.
void OpenLimited(benchmark::State& state, bool forged) {
  const broker::TokenCodec codec = MakeCodec();
  std::string token = *token::Limit(codec.Seal({0, 123'456'789, 0}), {token::OnlyActions(token::kSucceed), "B1xodA8"});
  if (forged) token[20] = token[20] == 'a' ? 'b' : 'a';
  broker::TokenContent content;
  token::Limits limits;
  for (auto _ : state) benchmark::DoNotOptimize(codec.OpenLimited(token, content, limits));
}
void BM_LimitedTokenOpen(benchmark::State& state) { OpenLimited(state, false); }
BENCHMARK(BM_LimitedTokenOpen);
void BM_LimitedTokenOpenForged(benchmark::State& state) { OpenLimited(state, true); }
BENCHMARK(BM_LimitedTokenOpenForged);

void BM_IndexHash(benchmark::State& state) {
  const broker::IndexHasher hasher(std::string(16, 'k'));
  const std::string id = RequestId(42);
  for (auto _ : state) benchmark::DoNotOptimize(hasher.RequestId(kNamespace, id));
}
BENCHMARK(BM_IndexHash);

void BM_EncodeIssued(benchmark::State& state) {
  const std::string id = RequestId(42);
  const storage::IssuedEntry entry = SampleEntry(id);
  std::string bytes;
  for (auto _ : state) {
    bytes.clear();
    storage::EncodeEntry(entry, bytes);
    benchmark::DoNotOptimize(bytes.data());
  }
  state.counters["bytes"] = static_cast<double>(bytes.size());
}
BENCHMARK(BM_EncodeIssued);

void BM_DecodeIssued(benchmark::State& state) {
  const std::string id = RequestId(42);
  std::string bytes;
  storage::EncodeEntry(SampleEntry(id), bytes);
  for (auto _ : state) benchmark::DoNotOptimize(storage::DecodeEntry(bytes));
}
BENCHMARK(BM_DecodeIssued);

}  // namespace
}  // namespace tokenbroker::benchmarks
