// One unary method on one network thread: waits for calls, and recycles what they need, in one piece: buffers, an arena
// for the messages, the call with its operations.
//
// At most kMaxIdle are kept; each keeps the arena's first block alone, which grows to what its calls use, within
// kLargestKept.
#pragma once

#include <google/protobuf/arena.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_unary_call.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/system_clock.h"
#include "server/calls/call.h"
#include "server/rpc/caller.h"
#include "server/rpc/messages.h"
#include "server/rpc/network_thread.h"
#include "server/rpc/under_way.h"

namespace tokenbroker::rpc {

// C is derived from calls::UnaryCall. Lives on its thread; destroyed after that has stopped.
template <typename C>
class UnaryMethod {
 public:
  // Asks gRPC for the method's next call.
  using Request = std::function<void(grpc::ServerContext*, grpc::ByteBuffer*,
                                     grpc::ServerAsyncResponseWriter<grpc::ByteBuffer>*, void* tag)>;

  UnaryMethod(const calls::Door& door, RpcMetrics& metrics, UnderWay& under_way, NetworkThread& thread, Request request)
      : door_(door), metrics_(metrics), under_way_(under_way), thread_(thread), request_(std::move(request)) {}

  // Before the thread starts.
  void Listen() {
    for (int i = 0; i < kListening; ++i) {
      under_way_.Listens();
      ListenForOne();
    }
  }

 private:
  // How many calls may arrive at once before gRPC queues them itself. Few: Debian's gRPC looks through all that is
  // listened for, of all methods, whenever a call begins or ends.
  static constexpr int kListening = 4;
  static constexpr size_t kMaxIdle = 256;
  static constexpr size_t kFirstBlock = 1024;
  static constexpr size_t kLargestKept = 128 * 1024;
  static constexpr size_t kLargestBlock = 64 * 1024;

  class Slot : public NetworkThread::Event, private calls::Reply {
   public:
    explicit Slot(UnaryMethod& method) : method_(method) { MakeArena(kFirstBlock); }
    virtual ~Slot() = default;

    void Listen() {
      context_.emplace();
      out_.emplace(&*context_);
      if (C::kMayWait) context_->AsyncNotifyWhenDone(static_cast<Event*>(&gone_));
      method_.request_(&*context_, &in_bytes_, &*out_, static_cast<Event*>(this));
    }

    // The call has come, its answer has left, or the server shuts down.
    void Happened(bool ok) override {
      if (began_ != 0) return Leave();
      if (!ok) {
        method_.under_way_.ListensNoMore();
        return TakeBack();
      }
      method_.ListenForOne();
      began_ = ElapsedMicros();
      method_.under_way_.Began();
      leaving_ = C::kMayWait ? 2 : 1;
      Begin();
    }

   private:
    struct Gone final : Event {
      explicit Gone(Slot& slot) : slot(slot) {}
      void Happened(bool) override { slot.OnGone(); }
      Slot& slot;
    };

    void MakeArena(size_t size) {
      arena_.reset();
      block_.reset(new char[block_size_ = size]);
      google::protobuf::ArenaOptions options;
      options.initial_block = block_.get();
      options.initial_block_size = size;
      options.max_block_size = kLargestBlock;
      arena_.emplace(options);
    }

    // A batch fills many blocks: allocating them anew for each costs more than filling them.
    void ResetArena() {
      const auto used = static_cast<size_t>(arena_->SpaceUsed());
      if (used <= block_size_ || block_size_ == kLargestKept) {
        arena_->Reset();
      } else {
        MakeArena(std::min(2 * used, kLargestKept));
      }
    }

    void Begin() {
      if (method_.under_way_.closed()) return RefuseWith(broker::Draining());
      const broker::Principal* const principal = CallerOf(*context_, method_.door_.authenticator);
      if (principal == nullptr) return RefuseWith(calls::CredentialsUnknown());
      call_.emplace(calls::Call::Parts{method_.door_, *principal, method_.thread_, *this, *arena_});
      calls::Call& call = *call_;
      if (const broker::Refusal refusal = ReadRequest(in_bytes_, call)) return RefuseWith(refusal);
      call.Begin();
    }

    // --- Reply, on any thread ---

    void OnAnswered() override {
      WriteResponse(*call_, out_bytes_);
      End(grpc::Status());
    }
    void OnRefused(const calls::Refused& refused) override { End(ToGrpc(calls::ToStatus(refused))); }
    void OnAbandoned() override { End({grpc::StatusCode::CANCELLED, "the caller went away"}); }

    void RefuseWith(const broker::Refusal& refusal) { OnRefused({refusal}); }

    void End(const grpc::Status& status) {
      method_.metrics_.OnDone(status.error_code(), static_cast<double>(ElapsedMicros() - began_) * 1e-6);
      status.ok() ? out_->Finish(out_bytes_, status, static_cast<Event*>(this))
                  : out_->FinishWithError(status, static_cast<Event*>(this));
    }

    // --- The end ---

    void OnGone() {
      if (began_ == 0) return;
      if (context_->IsCancelled() && call_.has_value()) static_cast<calls::Call&>(*call_).Cancel();
      Leave();
    }

    void Leave() {
      if (--leaving_ != 0) return;
      method_.under_way_.Ended();
      TakeBack();
    }

    void TakeBack() {
      call_.reset();
      in_bytes_.Clear();
      out_bytes_.Clear();
      ResetArena();
      out_.reset();
      context_.reset();
      began_ = 0;
      method_.TakeBack(*this);
    }

    UnaryMethod& method_;
    Gone gone_{*this};
    int64_t began_ = 0;  // 0: listens
    int leaving_ = 0;    // how many events are still to come
    std::optional<grpc::ServerContext> context_;
    std::optional<grpc::ServerAsyncResponseWriter<grpc::ByteBuffer>> out_;
    grpc::ByteBuffer in_bytes_;
    grpc::ByteBuffer out_bytes_;
    std::unique_ptr<char[]> block_;
    size_t block_size_ = 0;
    std::optional<google::protobuf::Arena> arena_;
    std::optional<C> call_;
  };

  void ListenForOne() {
    if (idle_.empty()) idle_.push_back(std::make_unique<Slot>(*this));
    Slot* const slot = idle_.back().release();
    idle_.pop_back();
    slot->Listen();
  }

  // Every slot that listens or is busy comes back at the latest when the thread stops.
  void TakeBack(Slot& slot) {
    std::unique_ptr<Slot> own(&slot);
    if (idle_.size() < kMaxIdle) idle_.push_back(std::move(own));
  }

  const calls::Door& door_;
  RpcMetrics& metrics_;
  UnderWay& under_way_;
  NetworkThread& thread_;
  const Request request_;
  std::vector<std::unique_ptr<Slot>> idle_;
};

}  // namespace tokenbroker::rpc
