#include "server/drop/door_settler.h"

#include <condition_variable>
#include <memory>
#include <mutex>

#include "server/calls/errors.h"
#include "server/calls/fill.h"
#include "server/calls/settle_batch.h"
#include "server/calls/validate.h"

namespace tokenbroker::drop {

// Until somebody on another thread says that it is done.
class DoorSettler::Wait {
 public:
  explicit Wait(const std::function<void()>& pump) : pump_(pump) {}

  // The waiter may be gone once it sees the end, hence under the lock.
  void End() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ended_ = true;
    wake_.notify_all();
  }
  void UntilEnded() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (!ended_) {
      if (pump_ == nullptr) {
        wake_.wait(lock);
        continue;
      }
      lock.unlock();
      pump_();
      lock.lock();
    }
  }

 private:
  const std::function<void()>& pump_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ended_ = false;
};

namespace {

// What comes back from the broker is taken where it comes: it only ends a wait.
class Anywhere : public Home {
 public:
  bool Here() const override { return true; }
  void Post(Visit&) override {}
};

class LookUp : public broker::Submission {
 public:
  LookUp(size_t operations, std::function<void()> done) : Submission(operations), done_(std::move(done)) {}

 private:
  void Done() override {
    const std::function<void()> done = done_;  // survives the look-up
    done();
  }

  const std::function<void()> done_;
};

}  // namespace

v1::BatchGetTasksResponse DoorSettler::FindTasks(const v1::BatchGetTasksRequest& keys) {
  const int size = keys.tasks_size();
  Wait wait(pump_);
  LookUp look_up(size + 1, [&] { wait.End(); });
  const std::unique_ptr<broker::LocateOperation[]> operations(new broker::LocateOperation[size]);
  for (int i = 0; i < size; ++i) {
    broker::LocateOperation& operation = operations[i];
    operation.refusal = calls::Validate(keys.tasks(i));
    if (operation.refusal) {
      look_up.Answered();
      continue;
    }
    operation.address = calls::AddressOf(door_.broker, keys.tasks(i));
    operation.submission = &look_up;
    operation.principal = &principal_;
    door_.broker.Ask(operation);
  }
  look_up.Answered();  // all are handed over
  wait.UntilEnded();
  v1::BatchGetTasksResponse found;
  for (int i = 0; i < size; ++i) {
    v1::BatchGetTasksResponse::Item& item = *found.add_items();
    if (operations[i].refusal) {
      calls::FillItemError({operations[i].refusal}, item.mutable_error());
    } else {
      item.mutable_task()->set_task_id(door_.broker.IdOf(operations[i].located.task));
    }
  }
  return found;
}

void DoorSettler::Settle(const Items& items, Results* results) {
  Anywhere home;
  Wait wait(pump_);
  google::protobuf::Arena arena;
  calls::SettleBatch batch({door_, principal_, home, arena}, items, [&] { wait.End(); });
  batch.Start();
  wait.UntilEnded();
  results->Clear();
  batch.FillResults(results);
}

}  // namespace tokenbroker::drop
