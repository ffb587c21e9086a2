// The bodies of the HTTP door, beside the protobuf library's own JSON, its binary form, and simdjson's bare parser.
#include <benchmark/benchmark.h>
#include <simdjson.h>

#include "base/json.h"
#include "google/protobuf/arena.h"
#include "google/protobuf/util/json_util.h"
#include "json/cursor.h"
#include "json/json_reader.h"
#include "json/json_writer.h"
#include "tests/bench/sample.h"
#include "tokenbroker/v1/resolver_service.pb.h"
#include "tokenbroker/v1/task_service.pb.h"

namespace tokenbroker::benchmarks {
namespace {

using google::protobuf::Message;

// What a worker sends to end a task, the token in the body.
v1::SucceedRequest Settle() {
  v1::SucceedRequest request;
  request.mutable_task()->set_token(std::string(48, 'T'));
  request.set_output(std::string(kOutput));
  return request;
}

v1::BatchSettleRequest Batch() {
  v1::BatchSettleRequest request;
  for (int i = 0; i < 100; ++i) *request.add_items()->mutable_succeed() = Settle();
  return request;
}

v1::IssueTaskRequest Issue() {
  v1::IssueTaskRequest request;
  request.set_namespace_(std::string(kNamespace));
  request.set_request_id(RequestId(42));
  request.set_input(SampleInput());
  request.mutable_timeout()->set_seconds(3600);
  (*request.mutable_labels())["team"] = "loans";
  return request;
}

v1::SucceedResponse Settled() {
  v1::SucceedResponse response;
  response.set_verdict(v1::VERDICT_ACCEPTED);
  response.set_task_id("00000000000000a1b2");
  return response;
}

v1::GetTaskResponse Got() {
  v1::GetTaskResponse response;
  v1::Task& task = *response.mutable_task();
  task.set_task_id("00000000000000a1b2");
  task.set_namespace_(std::string(kNamespace));
  task.set_state(v1::TASK_STATE_SUCCEEDED);
  task.set_attempt(1);
  task.set_input(SampleInput());
  task.mutable_issued_at()->set_seconds(1'795'000'000);
  task.mutable_deadline()->set_seconds(1'795'003'600);
  task.mutable_outcome()->set_output(std::string(kOutput));
  task.mutable_outcome()->mutable_resolved_at()->set_seconds(1'795'000'001);
  task.set_issued_by("anonymous");
  return response;
}

std::string JsonOf(const Message& message) {
  std::string text;
  json::WriteJson(message, text);
  return text;
}

template <typename Make>
void BM_Read(benchmark::State& state, Make make) {
  const auto sample = make();
  const std::string text = JsonOf(sample);
  decltype(make()) message;
  for (auto _ : state) {
    message.Clear();
    if (!json::ReadJson(text, message).ok()) state.SkipWithError("refused");
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}

// As doors do it: the message lives on an arena.
template <typename Make>
void BM_ReadOnArena(benchmark::State& state, Make make) {
  const std::string text = JsonOf(make());
  google::protobuf::Arena arena;
  for (auto _ : state) {
    arena.Reset();
    auto* const message = google::protobuf::Arena::CreateMessage<decltype(make())>(&arena);
    if (!json::ReadJson(text, *message).ok()) state.SkipWithError("refused");
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}

// The first of the reader's two passes.
template <typename Make>
void BM_Check(benchmark::State& state, Make make) {
  const std::string text = JsonOf(make());
  for (auto _ : state) benchmark::DoNotOptimize(CheckJson(text).ok());
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}

// The second, with nothing to fill.
template <typename Make>
void BM_Walk(benchmark::State& state, Make make) {
  const std::string text = JsonOf(make());
  for (auto _ : state) {
    json::Cursor cursor(text);
    cursor.Skip();
    benchmark::DoNotOptimize(cursor.offset());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}

template <typename Make>
void BM_ReadByProtobuf(benchmark::State& state, Make make) {
  const std::string text = JsonOf(make());
  decltype(make()) message;
  for (auto _ : state) {
    message.Clear();
    if (!google::protobuf::util::JsonStringToMessage(text, &message).ok()) state.SkipWithError("refused");
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}

// Without a message at the end of it: what the tape alone costs.
template <typename Make>
void BM_ParseBySimdjson(benchmark::State& state, Make make) {
  const simdjson::padded_string text(JsonOf(make()));
  simdjson::dom::parser parser;
  for (auto _ : state) benchmark::DoNotOptimize(parser.parse(text).error());
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}

template <typename Make>
void BM_ReadBinary(benchmark::State& state, Make make) {
  const std::string bytes = make().SerializeAsString();
  decltype(make()) message;
  for (auto _ : state) benchmark::DoNotOptimize(message.ParseFromString(bytes));
}

template <typename Make>
void BM_Write(benchmark::State& state, Make make) {
  const auto message = make();
  std::string text;
  for (auto _ : state) {
    text.clear();
    json::WriteJson(message, text);
    benchmark::DoNotOptimize(text.data());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}

template <typename Make>
void BM_WriteByProtobuf(benchmark::State& state, Make make) {
  const auto message = make();
  std::string text;
  for (auto _ : state) {
    text.clear();
    benchmark::DoNotOptimize(google::protobuf::util::MessageToJsonString(message, &text).ok());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}

BENCHMARK_CAPTURE(BM_Read, settle, Settle);
BENCHMARK_CAPTURE(BM_ReadOnArena, settle, Settle);
BENCHMARK_CAPTURE(BM_Check, settle, Settle);
BENCHMARK_CAPTURE(BM_Walk, settle, Settle);
BENCHMARK_CAPTURE(BM_ReadByProtobuf, settle, Settle);
BENCHMARK_CAPTURE(BM_ParseBySimdjson, settle, Settle);
BENCHMARK_CAPTURE(BM_ReadBinary, settle, Settle);
BENCHMARK_CAPTURE(BM_Read, issue, Issue);
BENCHMARK_CAPTURE(BM_ReadByProtobuf, issue, Issue);
BENCHMARK_CAPTURE(BM_ParseBySimdjson, issue, Issue);
BENCHMARK_CAPTURE(BM_ReadBinary, issue, Issue);
BENCHMARK_CAPTURE(BM_Read, batch_of_100, Batch);
BENCHMARK_CAPTURE(BM_ReadOnArena, batch_of_100, Batch);
BENCHMARK_CAPTURE(BM_Check, batch_of_100, Batch);
BENCHMARK_CAPTURE(BM_Walk, batch_of_100, Batch);
BENCHMARK_CAPTURE(BM_ReadByProtobuf, batch_of_100, Batch);
BENCHMARK_CAPTURE(BM_ParseBySimdjson, batch_of_100, Batch);
BENCHMARK_CAPTURE(BM_ReadBinary, batch_of_100, Batch);
BENCHMARK_CAPTURE(BM_Write, settled, Settled);
BENCHMARK_CAPTURE(BM_WriteByProtobuf, settled, Settled);
BENCHMARK_CAPTURE(BM_Write, task, Got);
BENCHMARK_CAPTURE(BM_WriteByProtobuf, task, Got);

}  // namespace
}  // namespace tokenbroker::benchmarks
