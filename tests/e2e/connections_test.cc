// Many, idle, slow and rude peers; the broker serves the others meanwhile, with memory that stays within bounds.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/e2e/fixture.h"
#include "tests/e2e/sockets.h"

namespace tokenbroker::testing {
namespace {

constexpr size_t kIdleConnections = 9'500;
constexpr size_t kMiB = 1 << 20;

std::string Json(size_t bytes) { return "\"" + std::string(bytes, 'j') + "\""; }

class ConnectionsTest : public BrokerTest {
 protected:
  // The slowest of some issues and settlements.
  DurationMs SlowestOf(int calls) {
    DurationMs slowest = 0;
    for (int i = 0; i < calls; ++i) {
      const TimeMs before = NowMs();
      EXPECT_TRUE(SucceedWith(Issue().token(), "1").ok());
      slowest = std::max(slowest, NowMs() - before);
    }
    return slowest;
  }
};

TEST_F(ConnectionsTest, TenThousandIdleConnectionsCostLittleAndStopNobody) {
  // Both ends of each connection are ours to count: the broker has its own limit.
  const size_t possible = RaiseFileLimit();
  const size_t count = std::min(kIdleConnections, possible - 500);
  if (possible < 20'000) std::printf("only %zu files may be open: %zu connections\n", possible, count);
  Start();
  SlowestOf(20);
  const size_t before = process().MemoryBytes();
  std::vector<int> sockets;
  for (size_t i = 0; i < count; ++i) {
    const int socket = Connect(process().grpc_port());
    ASSERT_GE(socket, 0) << "connection " << i;
    SendAll(socket, Http2Preface());
    sockets.push_back(socket);
  }
  const DurationMs slowest = SlowestOf(100);
  const size_t each = (process().MemoryBytes() - before) / count;
  std::printf("%zu idle connections: %zu KiB each, slowest of 200 calls %lld ms\n", count, each / 1024,
              static_cast<long long>(slowest));
  EXPECT_LT(each, 128 * 1024u);
  EXPECT_LT(slowest, 2000);
  for (int socket : sockets) ::close(socket);
  EXPECT_TRUE(process().Running());
  EXPECT_LT(SlowestOf(20), 2000);
}

TEST_F(ConnectionsTest, GarbageOnThePortIsCutOffAndOthersAreServed) {
  Start();
  std::mt19937_64 random(3);
  std::string noise(64 * 1024, '\0');
  for (char& byte : noise) byte = static_cast<char>(random());
  const std::vector<std::string> openings = {
      noise,
      "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
      std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11),  // a TLS hello at a plain port
      Http2Preface() + noise,
      Http2Preface() + Http2Frame(9, 0, 1, noise.substr(0, 100)),   // CONTINUATION of nothing
      Http2Preface() + Http2Frame(1, 4, 1, noise.substr(0, 1000)),  // HEADERS that do not decode
      Http2Preface() + Http2Frame(0, 0, 1, noise.substr(0, 1000)),  // DATA on an idle stream
      Http2Preface() + Http2Frame(8, 0, 0, std::string(4, '\0')),   // WINDOW_UPDATE by nothing
      Http2Preface() + Http2Frame(4, 0, 0, noise.substr(0, 7)),     // SETTINGS of an odd size
      Http2Preface() + Http2Frame(1, 4, 0, "\x82"),                 // HEADERS on stream 0
  };
  for (size_t i = 0; i < openings.size(); ++i) {
    for (int repeat = 0; repeat < 20; ++repeat) {
      const int socket = Connect(process().grpc_port());
      ASSERT_GE(socket, 0);
      SendAll(socket, openings[i]);
      if (repeat == 0) ClosedWithin(socket, 300);
      ::close(socket);
    }
    EXPECT_LT(SlowestOf(3), 2000) << "after opening " << i;
    ASSERT_TRUE(process().Running());
  }
}

TEST_F(ConnectionsTest, FloodsOfFramesDoNotGrowMemoryWithoutBound) {
  Start();
  SlowestOf(10);
  const size_t before = process().MemoryBytes();
  std::string pings;
  std::string settings;
  std::string resets;
  for (int i = 0; i < 2000; ++i) {
    pings += Http2Frame(6, 0, 0, "12345678");
    settings += Http2Frame(4, 0, 0, "");
    // A request's headers, compressed by the static table alone, and its end at once.
    resets += Http2Frame(1, 4, 2 * i + 1, "\x83\x86\x84") + Http2Frame(3, 0, 2 * i + 1, std::string("\0\0\0\x08", 4));
  }
  // Header blocks that never end.
  std::string continuation = Http2Frame(1, 0, 1, "\x83");
  for (int i = 0; i < 2000; ++i) continuation += Http2Frame(9, 0, 1, std::string(1000, '\x40'));
  for (const std::string& flood : {pings, settings, resets, continuation}) {
    std::vector<int> sockets;
    for (int i = 0; i < 8; ++i) {
      sockets.push_back(Connect(process().grpc_port()));
      timeval limit{2, 0};
      ::setsockopt(sockets.back(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
      SendAll(sockets.back(), Http2Preface() + flood);
    }
    EXPECT_LT(SlowestOf(5), 3000);
    for (int socket : sockets) ::close(socket);
    ASSERT_TRUE(process().Running());
  }
  const size_t after = process().MemoryBytes();
  std::printf("floods: %zu MiB before, %zu MiB after\n", before / kMiB, after / kMiB);
  EXPECT_LT(after, before + 150 * kMiB);
}

// Answers that nobody reads: 100,000 changes at 4 KiB would be 400 MB if they were kept for the reader.
TEST_F(ConnectionsTest, WatchersThatDoNotReadCostNothingAndMissNothing) {
  Start();
  v1::WatchTasksRequest request;
  request.set_namespace_("slow");
  request.set_view(v1::TASK_VIEW_FULL);
  v1::ListTasksRequest list;
  list.set_namespace_("slow");
  v1::ListTasksResponse listed;
  ASSERT_TRUE(client().Call(client().tasks(), &v1::TaskService::Stub::ListTasks, list, listed).ok());
  request.set_cursor(listed.watch_cursor());
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::WatchTasksResponse>>> readers;
  for (int i = 0; i < 20; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    contexts.back()->set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(2));
    readers.push_back(client().tasks().WatchTasks(contexts.back().get(), request));
  }
  const size_t before = process().MemoryBytes();
  const std::string input = "\"" + std::string(4094, 'w') + "\"";
  constexpr int kTasks = 20'000;
  for (int sent = 0; sent < kTasks; sent += 500) {
    v1::BatchIssueTasksRequest batch;
    for (int i = 0; i < 500; ++i) {
      v1::IssueTaskRequest* item = batch.add_items();
      item->set_namespace_("slow");
      item->set_input(input);
    }
    v1::BatchIssueTasksResponse response;
    ASSERT_TRUE(client().Call(client().tasks(), &v1::TaskService::Stub::BatchIssueTasks, batch, response).ok());
  }
  const size_t after = process().MemoryBytes();
  std::printf("20 watchers behind by %d changes of 4 KiB: %zu MiB more\n", kTasks, (after - before) / kMiB);
  EXPECT_LT(after, before + 300 * kMiB);
  EXPECT_LT(SlowestOf(10), 2000);
  // One of them wakes up.
  v1::WatchTasksResponse change;
  std::string last;
  int seen = 0;
  while (seen < kTasks && readers[0]->Read(&change)) {
    if (change.kind() != v1::WatchTasksResponse::KIND_ISSUED) continue;
    EXPECT_GT(change.task().task_id(), last);
    last = change.task().task_id();
    ++seen;
  }
  EXPECT_EQ(seen, kTasks);
  for (size_t i = 0; i < readers.size(); ++i) {
    contexts[i]->TryCancel();
    v1::WatchTasksResponse rest;
    while (readers[i]->Read(&rest)) {
    }
    readers[i]->Finish();
  }
}

// A stream that stalls at some sizes of change would stall here; the call's own limit notices.
TEST_F(ConnectionsTest, AWatchFollowsChangesOfAllSizes) {
  Start();
  v1::WatchTasksRequest request;
  request.set_namespace_("sizes");
  request.set_view(v1::TASK_VIEW_FULL);
  v1::ListTasksRequest list;
  list.set_namespace_("sizes");
  v1::ListTasksResponse listed;
  ASSERT_TRUE(client().Call(client().tasks(), &v1::TaskService::Stub::ListTasks, list, listed).ok());
  request.set_cursor(listed.watch_cursor());
  constexpr int kTasks = 3'000;
  grpc::ClientContext context;
  client().SetLimit(context);
  // On a connection of its own: what other calls send would push the stream's bytes along.
  const BrokerClient other(process().address());
  auto reader = other.tasks().WatchTasks(&context, request);
  std::atomic<int> seen{0};
  std::thread watcher([&] {
    v1::WatchTasksResponse change;
    while (seen < kTasks && reader->Read(&change)) seen += change.kind() == v1::WatchTasksResponse::KIND_RESOLVED;
  });
  // Single calls and batches at once, so that the watch finds now one change and now many.
  std::vector<std::thread> issuers;
  for (int issuer = 0; issuer < 6; ++issuer) {
    issuers.emplace_back([&, issuer] {
      std::mt19937_64 random(issuer);
      const int step = issuer == 0 ? 50 : 1;
      for (int sent = 0; sent < kTasks / 6; sent += step) {
        v1::BatchIssueTasksRequest batch;
        for (int i = 0; i < step; ++i) {
          v1::IssueTaskRequest* item = batch.add_items();
          item->set_namespace_("sizes");
          if (random() % 8 == 0) item->set_input(Json(random() % 9'000));
        }
        v1::BatchIssueTasksResponse response;
        client().Call(client().tasks(), &v1::TaskService::Stub::BatchIssueTasks, batch, response);
        for (const auto& item : response.items())
          SucceedWith(item.issued().token(), Json(random() % 9 == 0 ? 20'000 : 20));
      }
    });
  }
  for (std::thread& issuer : issuers) issuer.join();
  watcher.join();
  EXPECT_EQ(seen, kTasks);
  context.TryCancel();
  reader->Finish();
}

// "While 4 batches are unanswered the broker reads no more, so the caller's writes stop."
TEST_F(ConnectionsTest, SettlersThatDoNotReadTheirAnswersAreStopped) {
  Start();
  const size_t before = process().MemoryBytes();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  auto stream = client().resolver().SettleStream(&context);
  v1::SettleStreamRequest request;
  for (int i = 0; i < 1000; ++i) *request.add_items()->mutable_fail()->mutable_task() = ByToken("nobody at all");
  std::atomic<int> written{0};
  std::thread writer([&] {
    for (int i = 0; i < 3000 && stream->Write(request); ++i) ++written;
  });
  std::this_thread::sleep_for(std::chrono::seconds(3));
  const int at_first = written;
  std::this_thread::sleep_for(std::chrono::seconds(1));
  const size_t after = process().MemoryBytes();
  std::printf("a settler that does not read: stopped after %d batches, %zu MiB more\n", written.load(),
              (after - before) / kMiB);
  EXPECT_EQ(written, at_first);
  EXPECT_LT(written, 3000);
  EXPECT_LT(after, before + 100 * kMiB);
  EXPECT_LT(SlowestOf(10), 2000);
  context.TryCancel();
  writer.join();
  stream->Finish();
}

}  // namespace
}  // namespace tokenbroker::testing
