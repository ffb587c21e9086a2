// WatchTasks: what happens to a namespace's tasks, from the log to the caller, at the caller's own pace.
//
//   ReadPage ──▶ write ──▶ write ──▶ … ──▶ ReadPage ──▶ nothing new: sleep ──▶ ReadPage
//
// One step is under way at any time, so there is nothing to lock: a read on the executor, a write, or sleep. Whoever
// wants the stream to end leaves a note and wakes it. At most one page is in memory.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>

#include "server/rpc/door.h"
#include "server/rpc/errors.h"
#include "server/rpc/sleepers.h"
#include "server/rpc/streams.h"
#include "tokenbroker/v1/task_service.pb.h"

namespace tokenbroker::rpc {

// Deletes itself when the call is over.
class WatchStream : public grpc::ServerWriteReactor<grpc::ByteBuffer>, private Stream, private Sleeper {
 public:
  struct Parts {
    const Door& door;
    Streams& streams;
    Sleepers& sleepers;
    RpcMetrics& metrics;
    grpc::CallbackServerContext& context;
  };
  WatchStream(const Parts& parts, const grpc::ByteBuffer& request);

 private:
  ~WatchStream() override = default;

  broker::Refusal Begin(const grpc::ByteBuffer& request);
  void ReadPage();
  // The next change of the page; when there is none, the next page.
  void Continue();
  void WriteNext();
  void CaughtUp();
  void Write(const tokenbroker::v1::WatchTasksResponse& response);
  void End(const grpc::Status& status);
  bool MustEnd();

  void Wake() override { ReadPage(); }
  void Drain() override;
  void OnCancel() override;
  void OnWriteDone(bool ok) override;
  void OnDone() override;

  const Parts parts_;
  const CallsUnderWay::Entry under_way_;
  const int64_t began_;
  const broker::Principal* principal_ = nullptr;
  tokenbroker::v1::WatchTasksRequest request_;
  broker::TaskFilter filter_;
  broker::Sequence cursor_ = 0;
  TimeMs cursor_sent_ = 0;
  bool cursor_moved_ = false;

  broker::ChangePage page_;
  size_t written_ = 0;
  grpc::ByteBuffer out_;

  std::atomic<bool> cancelled_{false};
  std::atomic<bool> draining_{false};
};

}  // namespace tokenbroker::rpc
