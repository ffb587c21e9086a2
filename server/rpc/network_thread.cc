#include "server/rpc/network_thread.h"

#include <grpc/support/time.h>

#include <utility>

#include "base/processor_seat.h"
#include "base/serving_thread.h"
#include "base/thread.h"
#include "server/rpc/gathered_sends.h"

namespace tokenbroker::rpc {
namespace {

// How many events are served before those who visit get their turn.
constexpr int kEventsBetweenVisits = 16;

thread_local const NetworkThread* this_thread = nullptr;

}  // namespace

NetworkThread::NetworkThread(std::unique_ptr<grpc::ServerCompletionQueue> queue) : queue_(std::move(queue)) {}

NetworkThread::~NetworkThread() { Stop(); }

void NetworkThread::Start() {
  thread_ = std::thread([this] { Run(); });
}

void NetworkThread::Stop() {
  if (!thread_.joinable()) return;
  queue_->Shutdown();
  thread_.join();
}

bool NetworkThread::Here() const { return this_thread == this; }

void NetworkThread::Post(Visit& visit) {
  visits_.Push(visit);
  int asleep = kAsleep;
  if (state_.load() != kAsleep || !state_.compare_exchange_strong(asleep, kBeingWoken)) return;
  // Long due, so that it rings at once, here: "now" would be rounded up and go through gRPC's timers.
  alarm_.Set(queue_.get(), gpr_inf_past(GPR_CLOCK_MONOTONIC), static_cast<Event*>(&wake_));
}

void NetworkThread::Run() {
  NameThisThread("grpc");
  const ServingThread serving;
  ProcessorSeat seat;
  this_thread = this;
  void* tag = nullptr;
  bool ok = false;
  for (int events = 0; Next(&tag, &ok);) {
    seat.Look();
    if (tag == nullptr) continue;
    static_cast<Event*>(tag)->Happened(ok);
    if (++events % kEventsBetweenVisits == 0) ResumeAll();
  }
  ResumeAll();
}

// Who visits mostly brings an answer, and what one commit decided comes together.
bool NetworkThread::ResumeAll() {
  if (visits_.empty()) return false;
  const GatheredSends sends;
  return visits_.ResumeAll();
}

// What is there already first, then the visits, then sleep. Without an event the tag is no tag of ours, even if gRPC
// set it: a call whose caller left before its message came is dropped there, and the tag of that stays behind.
bool NetworkThread::Next(void** tag, bool* ok) {
  auto got = queue_->AsyncNext(tag, ok, gpr_time_0(GPR_CLOCK_MONOTONIC));
  if (got == grpc::CompletionQueue::TIMEOUT && !ResumeAll()) got = Sleep(tag, ok);
  if (got != grpc::CompletionQueue::GOT_EVENT) *tag = nullptr;
  return got != grpc::CompletionQueue::SHUTDOWN;
}

grpc::CompletionQueue::NextStatus NetworkThread::Sleep(void** tag, bool* ok) {
  int state = kAwake;
  if (state_.compare_exchange_strong(state, kAsleep) && !visits_.empty()) {
    // Posted before we said that we sleep. If somebody is waking us already, that event ends the next sleep.
    state = kAsleep;
    state_.compare_exchange_strong(state, kAwake);
    return grpc::CompletionQueue::TIMEOUT;
  }
  const auto got = queue_->AsyncNext(tag, ok, gpr_inf_future(GPR_CLOCK_MONOTONIC));
  state = kAsleep;
  state_.compare_exchange_strong(state, kAwake);
  return got;
}

}  // namespace tokenbroker::rpc
