// A thread that reads and answers calls, over a completion queue of its own. Calls that the broker has decided come
// back to it, so that a connection is touched by one thread alone: gRPC's own callback threads hand connections to each
// other for every call (docs/adr/0010).
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include <atomic>
#include <memory>
#include <thread>

#include "base/home.h"

namespace tokenbroker::rpc {

class NetworkThread : public Home {
 public:
  // What a tag in the queue points to. Called on the thread.
  class Event {
   public:
    virtual void Happened(bool ok) = 0;

   protected:
    ~Event() = default;
  };

  explicit NetworkThread(std::unique_ptr<grpc::ServerCompletionQueue> queue);
  // Stop, if it was started.
  ~NetworkThread() override;

  grpc::ServerCompletionQueue* queue() { return queue_.get(); }

  void Start();
  // After the server was shut down: returns when all that was under way has happened.
  void Stop();

  bool Here() const override;
  void Post(Visit& visit) override;

 private:
  enum State : int { kAwake, kAsleep, kBeingWoken };

  struct Wake final : Event {
    explicit Wake(NetworkThread& thread) : thread(thread) {}
    void Happened(bool) override { thread.state_.store(kAwake); }
    NetworkThread& thread;
  };

  void Run();
  // False if there were none.
  bool ResumeAll();
  // False at the end.
  bool Next(void** tag, bool* ok);
  grpc::CompletionQueue::NextStatus Sleep(void** tag, bool* ok);

  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  VisitList visits_;
  std::atomic<int> state_{kAwake};
  grpc::Alarm alarm_;  // set by whoever changes the state to kBeingWoken
  Wake wake_{*this};
  std::thread thread_;
};

}  // namespace tokenbroker::rpc
