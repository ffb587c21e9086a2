#include "tests/crash/watcher.h"

#include <chrono>

namespace tokenbroker::testing {

void Watcher::Resume(const std::string& address) {
  Stop();
  client_ = std::make_unique<BrokerClient>(address);
  if (cursor_.empty()) {
    v1::ListTasksRequest request;
    request.set_namespace_(NamespaceName(0));
    request.set_page_size(1);
    v1::ListTasksResponse response;
    const grpc::Status status = client_->Call(client_->tasks(), &v1::TaskService::Stub::ListTasks, request, response);
    if (!status.ok()) return violations_.Add("listing for a cursor: " + Describe(status));
    cursor_ = response.watch_cursor();
  }
  stopping_ = false;
  thread_ = std::thread([this] { Run(); });
}

void Watcher::Stop() {
  stopping_ = true;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (context_ != nullptr) context_->TryCancel();
  }
  if (thread_.joinable()) thread_.join();
}

void Watcher::Run() {
  while (!stopping_) {
    grpc::ClientContext* context = nullptr;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      context_ = std::make_unique<grpc::ClientContext>();
      context = context_.get();
    }
    v1::WatchTasksRequest request;
    request.set_namespace_(NamespaceName(0));
    request.set_cursor(cursor_);
    request.set_view(v1::TASK_VIEW_FULL);
    auto reader = client_->tasks().WatchTasks(context, request);
    v1::WatchTasksResponse change;
    while (reader->Read(&change) && Note(change)) {
    }
    context->TryCancel();
    const grpc::Status status = reader->Finish();
    if (ReasonOf(status) == v1::ERROR_REASON_CURSOR_EXPIRED) violations_.Add("the watch: " + Describe(status));
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  std::lock_guard<std::mutex> lock(mutex_);
  context_.reset();
}

bool Watcher::Note(const v1::WatchTasksResponse& change) {
  if (change.kind() != v1::WatchTasksResponse::KIND_CURSOR) expectations_.Watched(change);
  cursor_ = change.cursor();
  if (change.kind() == v1::WatchTasksResponse::KIND_ISSUED) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (change.task().task_id() <= last_id_) violations_.Add("the watch is out of order at " + change.task().task_id());
    last_id_ = change.task().task_id();
    seen_.notify_all();
  }
  return !stopping_;
}

bool Watcher::CatchUp(const BrokerClient& client, DurationMs limit) {
  v1::IssueTaskRequest request;
  request.set_namespace_(NamespaceName(0));
  *request.mutable_timeout() = ToDuration(60'000);
  v1::IssueTaskResponse response;
  if (!client.Issue(request, response).ok()) return true;  // the broker is gone again
  std::unique_lock<std::mutex> lock(mutex_);
  return seen_.wait_for(lock, std::chrono::milliseconds(limit), [&] { return last_id_ >= response.task_id(); });
}

}  // namespace tokenbroker::testing
