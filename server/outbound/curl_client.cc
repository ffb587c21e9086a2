#include "server/outbound/curl_client.h"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/system_clock.h"
#include "base/thread.h"
#include "server/outbound/curl_poller.h"
#include "server/outbound/curl_transfer.h"

namespace tokenbroker::outbound {
namespace {

// How long the thread sleeps when nothing is under way; it is woken for whatever comes.
constexpr int64_t kIdlePollMs = 60'000;

bool InitCurl() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  return code == CURLE_OK;
}

// OpenSSL writes to sockets that the peer has closed in a way that raises it.
void BlockSigpipe() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

// What the client's thread has and does.
class CurlClient::Loop {
 public:
  Loop(CurlOptions options, CURLM* multi, std::unique_ptr<CurlPoller> poller)
      : options_(std::move(options)), multi_(multi), poller_(std::move(poller)) {
    curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(options_.connections_per_host));
    curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(options_.connections));
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(options_.connections));
    thread_ = std::thread([this] { Run(); });
  }

  ~Loop() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    poller_->Wake();
    thread_.join();
    curl_multi_cleanup(multi_);
  }

  void Send(HttpRequest request, Done done) {
    if (under_way_.fetch_add(1) >= options_.requests_under_way) {
      --under_way_;
      return Refuse(HttpResult::Failure::kOverloaded, done);
    }
    if (!Hand([&] { requests_.emplace_back(std::move(request), std::move(done)); })) {
      --under_way_;
      Refuse(HttpResult::Failure::kClosed, done);
    }
  }

  void After(DurationMs time, std::function<void()> job) {
    Hand([&] { jobs_.emplace_back(ElapsedMicros() + time * 1000, std::move(job)); });
  }

 private:
  static void Refuse(HttpResult::Failure failure, const Done& done) {
    HttpResult result;
    result.failure = failure;
    result.message = NameOf(failure);
    done(std::move(result));
  }

  // False if the thread takes nothing any more.
  template <typename Put>
  bool Hand(const Put& put) {
    bool wake = false;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (stopping_) return false;
      put();
      wake = std::exchange(asleep_, false);
    }
    if (wake) poller_->Wake();
    return true;
  }

  void Run() {
    NameThisThread(options_.thread_name);
    BlockSigpipe();
    while (TakeIn()) {
      RunJobs();
      poller_->RunDue();
      FinishDone();
      poller_->Await(MaySleep() ? PollTime() : 0);
      FinishDone();
    }
    CloseAll();
  }

  // False if there is something to take in already.
  bool MaySleep() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return asleep_ = requests_.empty() && jobs_.empty() && !stopping_;
  }

  // False when it is time to end.
  bool TakeIn() {
    std::vector<std::pair<HttpRequest, Done>> requests;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (stopping_) return false;
      asleep_ = false;
      requests.swap(requests_);
      for (auto& [at, job] : jobs_) timers_.emplace(at, std::move(job));
      jobs_.clear();
    }
    for (auto& [request, done] : requests) Begin(std::move(request), std::move(done));
    return true;
  }

  void Begin(HttpRequest request, Done done) {
    CurlTransfer& transfer = TakeTransfer();
    if (!transfer.Prepare(std::move(request), std::move(done))) {
      End(transfer, transfer.Fail(HttpResult::Failure::kBadRequest));
    } else if (curl_multi_add_handle(multi_, transfer.handle()) != CURLM_OK) {
      End(transfer, transfer.Fail(HttpResult::Failure::kOverloaded));
    }
  }

  // The transfer and its place are free again when its caller hears of the end, so that it may go on.
  void End(CurlTransfer& transfer, CurlTransfer::Ended ended) {
    idle_.push_back(&transfer);
    --under_way_;
    ended.Tell();
  }

  void FinishDone() {
    int left = 0;
    while (const CURLMsg* const message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      // The message is gone with the handle.
      const CURLcode code = message->data.result;
      CURL* const handle = message->easy_handle;
      CurlTransfer* transfer = nullptr;
      curl_easy_getinfo(handle, CURLINFO_PRIVATE, &transfer);
      curl_multi_remove_handle(multi_, handle);
      End(*transfer, transfer->Finish(code));
    }
  }

  void RunJobs() {
    while (!timers_.empty() && timers_.begin()->first <= ElapsedMicros()) {
      const std::function<void()> job = std::move(timers_.extract(timers_.begin()).mapped());
      job();
    }
  }

  int PollTime() const {
    if (timers_.empty()) return kIdlePollMs;
    const int64_t micros = timers_.begin()->first - ElapsedMicros();
    return static_cast<int>(std::clamp<int64_t>((micros + 999) / 1000, 0, kIdlePollMs));
  }

  void CloseAll() {
    // Nobody adds any more: Hand refuses.
    for (auto& [request, done] : requests_) Refuse(HttpResult::Failure::kClosed, done);
    for (const auto& transfer : transfers_) {
      if (!transfer->under_way()) continue;
      curl_multi_remove_handle(multi_, transfer->handle());
      End(*transfer, transfer->Fail(HttpResult::Failure::kClosed));
    }
    transfers_.clear();
  }

  CurlTransfer& TakeTransfer() {
    if (idle_.empty()) return *transfers_.emplace_back(std::make_unique<CurlTransfer>(options_));
    CurlTransfer& transfer = *idle_.back();
    idle_.pop_back();
    return transfer;
  }

  const CurlOptions options_;
  CURLM* const multi_;
  const std::unique_ptr<CurlPoller> poller_;
  std::atomic<int> under_way_{0};

  std::mutex mutex_;
  bool stopping_ = false;                                        // guarded by mutex_
  bool asleep_ = false;                                          // guarded by mutex_: has to be woken
  std::vector<std::pair<HttpRequest, Done>> requests_;           // guarded by mutex_ until the thread ends
  std::vector<std::pair<int64_t, std::function<void()>>> jobs_;  // guarded by mutex_

  // The thread's own.
  std::vector<std::unique_ptr<CurlTransfer>> transfers_;
  std::vector<CurlTransfer*> idle_;  // of them, that used last in the end
  // By elapsed microseconds.
  std::multimap<int64_t, std::function<void()>> timers_;

  std::thread thread_;
};

absl::StatusOr<std::unique_ptr<CurlClient>> CurlClient::Start(CurlOptions options) {
  CURLM* const multi = InitCurl() ? curl_multi_init() : nullptr;
  if (multi == nullptr) return absl::InternalError("libcurl cannot be started");
  std::unique_ptr<CurlPoller> poller = CurlPoller::Make(multi);
  if (poller == nullptr) {
    curl_multi_cleanup(multi);
    return absl::InternalError("no descriptors are left for outgoing calls");
  }
  return std::unique_ptr<CurlClient>(
      new CurlClient(std::make_unique<Loop>(std::move(options), multi, std::move(poller))));
}

CurlClient::CurlClient(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
CurlClient::~CurlClient() = default;

void CurlClient::Send(HttpRequest request, Done done) { loop_->Send(std::move(request), std::move(done)); }
void CurlClient::After(DurationMs time, std::function<void()> job) { loop_->After(time, std::move(job)); }

}  // namespace tokenbroker::outbound
