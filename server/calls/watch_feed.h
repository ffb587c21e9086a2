// WatchTasks: what happens to a namespace's tasks, from the log to the caller, at the caller's own pace.
//
//   ReadPage ──▶ write ──▶ write ──▶ … ──▶ ReadPage ──▶ nothing new: sleep ──▶ ReadPage
//
// One step is under way at any time, so there is nothing to lock: a read on the executor, a write, or sleep. Whoever
// wants the feed to end leaves a note and wakes it. At most one page is in memory.
#pragma once

#include <atomic>

#include "server/calls/door.h"
#include "server/calls/errors.h"
#include "server/calls/sleepers.h"
#include "server/calls/streams.h"
#include "tokenbroker/v1/task_service.pb.h"

namespace tokenbroker::calls {

class WatchFeed : private Stream, private Sleeper {
 public:
  // Where the changes go. Called on any thread, one call at a time.
  class Sink {
   public:
    // Sends it, and calls Written afterwards.
    virtual void Write(const pb::WatchTasksResponse& response) = 0;
    // The last call; the feed may be destroyed in it. Null: the caller went away.
    virtual void End(const Refused* why) = 0;

   protected:
    ~Sink() = default;
  };
  struct Parts {
    const Door& door;
    Streams& streams;
    Sleepers& sleepers;
    const broker::Principal& principal;
    Sink& sink;
  };

  explicit WatchFeed(const Parts& parts) : parts_(parts) {}
  // After End, or before Start.
  ~WatchFeed() override { parts_.streams.Leave(*this); }

  // Once. End follows, sooner or later.
  void Start(pb::WatchTasksRequest request);
  // What was to be written is; `ok` false: the caller went away.
  void Written(bool ok);
  // The caller has gone away. Any time; does nothing after End.
  void Cancel();

 private:
  broker::Refusal Begin();
  void ReadPage();
  // The next change of the page; when there is none, the next page.
  void Continue();
  void WriteNext();
  void CaughtUp();
  bool MustEnd();
  void WakeUp();

  void Wake() override { ReadPage(); }
  void Drain() override;

  const Parts parts_;
  pb::WatchTasksRequest request_;
  broker::TaskFilter filter_;
  broker::Sequence cursor_ = 0;
  TimeMs cursor_sent_ = 0;
  bool cursor_moved_ = false;

  broker::ChangePage page_;
  size_t written_ = 0;

  std::atomic<bool> cancelled_{false};
  std::atomic<bool> draining_{false};
};

}  // namespace tokenbroker::calls
