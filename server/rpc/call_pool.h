// Recycles the objects of one method's calls: buffers, an arena for the messages, and the call with its operations, in
// one piece.
//
// gRPC asks for one before it reads a request and gives it back when the call is over. At most kMaxIdle are kept; each
// keeps the arena's first block alone, whatever went through it.
#pragma once

#include <google/protobuf/arena.h>
#include <grpcpp/support/message_allocator.h>

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "server/rpc/call.h"

namespace tokenbroker::rpc {

// C is derived from UnaryCall.
template <typename C>
class CallPool : public grpc::MessageAllocator<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  CallPool(const Door& door, RpcMetrics& metrics) : door_(door), metrics_(metrics) {}

  grpc::MessageHolder<grpc::ByteBuffer, grpc::ByteBuffer>* AllocateMessages() override {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (!idle_.empty()) {
        Slot* slot = idle_.back().release();
        idle_.pop_back();
        return slot;
      }
    }
    return new Slot(*this);
  }

  // Begins the call whose buffers came from such a pool.
  static grpc::ServerUnaryReactor* Start(grpc::CallbackServerContext* context) {
    return static_cast<Slot*>(context->GetRpcAllocatorState())->Start(*context);
  }

 private:
  static constexpr size_t kMaxIdle = 1024;
  static constexpr size_t kFirstBlock = 1024;
  static constexpr size_t kLargestBlock = 64 * 1024;

  class Slot : public grpc::MessageHolder<grpc::ByteBuffer, grpc::ByteBuffer> {
   public:
    explicit Slot(CallPool& pool) : pool_(pool), arena_(Options(block_)) {
      this->set_request(&in_);
      this->set_response(&out_);
    }

    grpc::ServerUnaryReactor* Start(grpc::CallbackServerContext& context) {
      call_.emplace(Call::Parts{pool_.door_, pool_.metrics_, context, in_, out_, arena_});
      call_->Run();
      return &*call_;
    }

    void Release() override {
      call_.reset();
      in_.Clear();
      out_.Clear();
      arena_.Reset();
      pool_.TakeBack(std::unique_ptr<Slot>(this));
    }

   private:
    static google::protobuf::ArenaOptions Options(char* block) {
      google::protobuf::ArenaOptions options;
      options.initial_block = block;
      options.initial_block_size = kFirstBlock;
      options.max_block_size = kLargestBlock;
      return options;
    }

    CallPool& pool_;
    grpc::ByteBuffer in_;
    grpc::ByteBuffer out_;
    alignas(8) char block_[kFirstBlock];
    google::protobuf::Arena arena_;
    std::optional<C> call_;
  };

  void TakeBack(std::unique_ptr<Slot> slot) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (idle_.size() < kMaxIdle) idle_.push_back(std::move(slot));
  }

  const Door& door_;
  RpcMetrics& metrics_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Slot>> idle_;  // guarded by mutex_
};

}  // namespace tokenbroker::rpc
