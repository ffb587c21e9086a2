#include "server/http/lane.h"

#include <openssl/rand.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <ctime>
#include <exception>
#include <utility>

#include "base/serving_thread.h"
#include "base/system_clock.h"
#include "base/thread.h"
#include "server/telemetry/log.h"

namespace tokenbroker::http {
namespace {

namespace asio = boost::asio;

constexpr size_t kSpareWorkspaces = 64;
constexpr size_t kSpareStrings = 64;
constexpr size_t kSpareStringSize = 64 * 1024;

thread_local const Lane* lane_of_this_thread = nullptr;

// A function for a lane's thread.
class Job final : public InboxItem {
 public:
  explicit Job(std::function<void()> job) : job_(std::move(job)) {}
  void Deliver() override {
    const std::unique_ptr<Job> self(this);
    job_();
  }
  void Discard() override { delete this; }

 private:
  const std::function<void()> job_;
};

// A step that visits all 2^64 values, and looks like chance.
uint64_t Scrambled(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

Lane::Lane(std::shared_ptr<Shared> shared)
    : shared_(std::move(shared)), work_(context_.get_executor()), timer_(context_), deadlines_(shared_->clock->Now()) {
  RAND_bytes(reinterpret_cast<unsigned char*>(&next_request_id_), sizeof(next_request_id_));
}

Lane::~Lane() = default;

void Lane::Start() {
  thread_ = std::thread([this] {
    NameThisThread(shared_->options.thread_name);
    const ServingThread serving;
    lane_of_this_thread = this;
    context_.run();
  });
}

void Lane::Stop() {
  if (!thread_.joinable()) return inbox_.Close();
  asio::post(context_, [this] {
    AbortAll();
    inbox_.Close();
    timer_.cancel();
    work_.reset();
  });
  thread_.join();
}

void Lane::Run(std::function<void()> job) { Add(*new Job(std::move(job))); }

bool Lane::Here() const { return lane_of_this_thread == this; }

void Lane::Post(Visit& visit) {
  if (visits_.Push(visit)) asio::post(context_, [this] { ResumeVisits(); });
}

void Lane::Add(InboxItem& item) {
  switch (inbox_.Add(item)) {
    case Inbox::Added::kFirst:
      return asio::post(context_, [this] { DeliverInbox(); });
    case Inbox::Added::kBehind:
      return;
    case Inbox::Added::kClosed:
      return item.Discard();
  }
}

// All are told before one is served, so that nobody is served twice.
void Lane::DeliverInbox() {
  const bool serving = std::exchange(serving_, true);
  inbox_.Deliver();
  serving_ = serving;
  ServeReady();
}

void Lane::ResumeVisits() {
  const bool serving = std::exchange(serving_, true);
  visits_.ResumeAll();
  serving_ = serving;
  ServeReady();
}

void Lane::Adopt(const ConnectionPtr& connection) {
  intrusive_ptr_add_ref(connection.get());
  all_.push_back(*connection);
  shared_->connections.fetch_add(1, std::memory_order_relaxed);
  shared_->observer->OnConnections(1);
  Serve(*connection);
}

void Lane::Release(Connection& connection) {
  all_.erase(all_.iterator_to(connection));
  shared_->connections.fetch_sub(1, std::memory_order_release);
  shared_->observer->OnConnections(-1);
  intrusive_ptr_release(&connection);
}

void Lane::SetIdle(Connection& connection, bool idle) {
  if (connection.idle_hook.is_linked() == idle) return;
  if (idle) {
    idle_.push_back(connection);
  } else {
    idle_.erase(idle_.iterator_to(connection));
  }
}

bool Lane::Evict() {
  if (idle_.empty()) return false;
  shared_->observer->OnHangup(Hangup::kEvicted);
  idle_.front().Abort();
  return true;
}

void Lane::Serve(Connection& connection) {
  if (connection.MarkReady()) ready_.emplace_back(&connection);
  if (!serving_) ServeReady();
}

void Lane::ServeLater(Connection& connection) {
  asio::post(context_, [this, held = ConnectionPtr(&connection)] { Serve(*held); });
}

void Lane::ServeReady() {
  if (std::exchange(serving_, true)) return;
  for (size_t i = 0; i < ready_.size(); ++i) {
    const ConnectionPtr connection = std::move(ready_[i]);
    connection->Pump();
  }
  ready_.clear();
  serving_ = false;
  ArmTimer();
}

void Lane::FireDeadlines() {
  const bool serving = std::exchange(serving_, true);
  deadlines_.Fire(Now(), [](void* owner) { static_cast<Connection*>(owner)->OnDeadline(); });
  serving_ = serving;
  ServeReady();
}

void Lane::ArmTimer() {
  const TimeMs due = deadlines_.NextDue();
  if (due >= timer_due_) return;
  timer_due_ = due;
  timer_.expires_after(std::chrono::milliseconds(std::max<DurationMs>(due - Now(), 0) + 1));
  timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    timer_due_ = Deadlines::kNever;
    FireDeadlines();
  });
}

void Lane::Drain() {
  draining_ = true;
  while (!idle_.empty()) idle_.front().Abort();
}

void Lane::AbortAll() {
  draining_ = true;
  const bool serving = std::exchange(serving_, true);
  while (!all_.empty()) all_.front().Abort();
  serving_ = serving;
  ServeReady();
}

std::unique_ptr<Workspace> Lane::TakeWorkspace() {
  if (workspaces_.empty()) return std::make_unique<Workspace>();
  std::unique_ptr<Workspace> workspace = std::move(workspaces_.back());
  workspaces_.pop_back();
  return workspace;
}

void Lane::GiveBack(std::unique_ptr<Workspace> workspace) {
  shared_->gathered.fetch_sub(std::exchange(workspace->reserved, 0), std::memory_order_relaxed);
  if (workspaces_.size() >= kSpareWorkspaces || workspace->IsLarge()) return;
  workspace->input.Clear();
  workspace->NextRequest();
  workspaces_.push_back(std::move(workspace));
}

std::string Lane::TakeString() {
  if (strings_.empty()) return {};
  std::string text = std::move(strings_.back());
  strings_.pop_back();
  return text;
}

void Lane::GiveBack(std::string text) {
  if (strings_.size() >= kSpareStrings || text.capacity() > kSpareStringSize) return;
  text.clear();
  strings_.push_back(std::move(text));
}

std::string_view Lane::CommonHeaders() {
  const std::time_t seconds = WallSeconds();
  if (seconds == common_headers_at_) return common_headers_;
  common_headers_at_ = seconds;
  std::tm utc;
  gmtime_r(&seconds, &utc);
  char date[64];
  common_headers_.assign(date, std::strftime(date, sizeof(date), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc));
  common_headers_.append("Server: tokenbroker\r\n");
  return common_headers_;
}

void Lane::MakeRequestId(std::string& id) {
  static constexpr char kHex[] = "0123456789abcdef";
  const uint64_t number = Scrambled(next_request_id_ += 0x9e3779b97f4a7c15);
  id.resize(16);
  for (int i = 0; i < 16; ++i) id[i] = kHex[number >> (60 - 4 * i) & 15];
}

}  // namespace tokenbroker::http
