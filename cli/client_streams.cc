#include "cli/client_streams.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "cli/error.h"

namespace tokenbroker::cli {
namespace {

std::string RequestId(const grpc::ClientContext& context) {
  for (const auto* metadata : {&context.GetServerTrailingMetadata(), &context.GetServerInitialMetadata()}) {
    const auto found = metadata->find("x-request-id");
    if (found != metadata->end()) return {found->second.data(), found->second.size()};
  }
  return "";
}

// Reads on a thread of its own: a caller that is blocked in Write, because the broker waits for its answers to be
// read, would otherwise wait for ever. The answers kept are bounded by the batches the caller leaves unanswered.
class GrpcSettleStream : public SettleStream {
 public:
  GrpcSettleStream(v1::ResolverService::Stub& stub, std::unique_ptr<grpc::ClientContext> context)
      : context_(std::move(context)), stream_(stub.SettleStream(context_.get())), reader_([this] { ReadAll(); }) {}

  ~GrpcSettleStream() override {
    context_->TryCancel();
    reader_.join();
  }

  bool Write(const v1::SettleStreamRequest& batch) override { return stream_->Write(batch); }

  absl::StatusOr<v1::SettleStreamResponse> Read(DurationMs timeout) override {
    std::unique_lock lock(mutex_);
    const auto ready = [this] { return !answers_.empty() || ended_; };
    if (!changed_.wait_for(lock, std::chrono::milliseconds(timeout), ready)) {
      return absl::DeadlineExceededError("the broker did not answer a batch in time");
    }
    if (answers_.empty()) return end_;
    v1::SettleStreamResponse answer = std::move(answers_.front());
    answers_.pop_front();
    return answer;
  }

 private:
  void ReadAll() {
    v1::SettleStreamResponse answer;
    while (stream_->Read(&answer)) {
      const std::lock_guard lock(mutex_);
      answers_.push_back(std::move(answer));
      changed_.notify_one();
    }
    const grpc::Status status = stream_->Finish();
    const std::lock_guard lock(mutex_);
    end_ = status.ok() ? absl::UnavailableError("the broker ended the stream") : FromGrpc(*context_, status);
    ended_ = true;
    changed_.notify_one();
  }

  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::SettleStreamRequest, v1::SettleStreamResponse>> stream_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<v1::SettleStreamResponse> answers_;  // Guarded by mutex_.
  bool ended_ = false;                            // Guarded by mutex_.
  absl::Status end_;                              // Guarded by mutex_.

  std::thread reader_;  // Last: it uses all of the above.
};

class GrpcWatchStream : public WatchStream {
 public:
  GrpcWatchStream(v1::TaskService::Stub& stub, std::unique_ptr<grpc::ClientContext> context,
                  const v1::WatchTasksRequest& request)
      : context_(std::move(context)), stream_(stub.WatchTasks(context_.get(), request)) {}

  ~GrpcWatchStream() override {
    context_->TryCancel();
    if (!finished_) stream_->Finish().ok();
  }

  absl::StatusOr<v1::WatchTasksResponse> Read() override {
    v1::WatchTasksResponse change;
    if (stream_->Read(&change)) return change;
    finished_ = true;
    const grpc::Status status = stream_->Finish();
    return status.ok() ? absl::UnavailableError("the broker ended the stream") : FromGrpc(*context_, status);
  }

 private:
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientReader<v1::WatchTasksResponse>> stream_;
  bool finished_ = false;
};

}  // namespace

absl::Status FromGrpc(const grpc::ClientContext& context, const grpc::Status& status) {
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) details.Clear();
  details.set_code(static_cast<int>(status.error_code()));
  details.set_message(status.error_message());
  return MakeError(details, RequestId(context));
}

std::unique_ptr<SettleStream> OpenSettle(v1::ResolverService::Stub& stub,
                                         std::unique_ptr<grpc::ClientContext> context) {
  return std::make_unique<GrpcSettleStream>(stub, std::move(context));
}

std::unique_ptr<WatchStream> OpenWatch(v1::TaskService::Stub& stub, std::unique_ptr<grpc::ClientContext> context,
                                       const v1::WatchTasksRequest& request) {
  return std::make_unique<GrpcWatchStream>(stub, std::move(context), request);
}

}  // namespace tokenbroker::cli
