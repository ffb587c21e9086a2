// The HTTP door over a broker in memory: to look at the page, and for browsers that tests drive.
//
//   page_server    listens on a free port of 127.0.0.1, issues some tasks, prints "NAME URL" for each and then
//                  "ready", and serves until standard input ends
#include <iostream>

#include "base/system_clock.h"
#include "server/calls/door.h"
#include "server/web/web_server.h"
#include "storage/memory/memory_store.h"
#include "token/limited_token.h"
#include "token/limits.h"

namespace tokenbroker::pages {
namespace {

using broker::IssueOperation;
using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

constexpr std::string_view kOrder =
    R"({"order":"A-2026-1187","customer":"Nordwind GmbH","total":"18,430.00 EUR","discount":"12 %","ships to":"Bremen"})";
constexpr std::string_view kSchema = R"({"type":"object","required":["limit","reason"],"properties":{
  "limit":{"type":"number","title":"Credit limit","description":"EUR, up to 50,000","default":20000,"maximum":50000},
  "tier":{"enum":["standard","preferred","key account"],"title":"Tier","default":"preferred"},
  "insured":{"type":"boolean","title":"Covered by credit insurance"},
  "reason":{"type":"string","title":"Why","maxLength":2000}}})";

class Wait : public broker::Submission {
 public:
  Wait() : Submission(1) {}
  void Await() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return done_; });
  }

 private:
  void Done() override {
    std::lock_guard<std::mutex> lock(mutex_);
    done_ = true;
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
};

class PageServer {
 public:
  int Run() {
    broker_->Start();
    Config config;
    config.http.listen = "127.0.0.1:0";
    auto server = web::WebServer::Start(door_, config);
    if (!server.ok()) return 1;
    base_ = "http://127.0.0.1:" + std::to_string((*server)->port());
    Tell();
    for (std::string line; std::getline(std::cin, line);) {
    }
    (*server)->Shutdown(0);
    broker_->StopCommitter();
    return 0;
  }

 private:
  std::string Issue(std::string_view summary, Labels labels, std::string_view input, std::string_view schema = "",
                    DurationMs beat = 0) {
    Wait wait;
    IssueOperation operation;
    operation.submission = &wait;
    operation.principal = authenticator_.Identify("", {});
    operation.request.name_space = "demo";
    operation.request.summary = summary;
    operation.request.labels = std::move(labels);
    operation.request.input = input;
    operation.request.output_schema = schema;
    operation.request.timeout = DurationMs{49} * 3'600'000;
    operation.request.heartbeat_timeout = beat;
    broker_->Submit(operation);
    wait.Await();
    return broker_->TokenOf(operation.task);
  }

  void Tell(std::string_view name, const std::string& token) {
    std::cout << name << " " << base_ << "/c/" << token << "\n";
  }

  void Tell() {
    const Labels labels = {
        {"requested by", "Ines Albrecht"}, {"cost centre", "4100"}, {"tokenbroker/show-input", "true"}};
    const std::string order = Issue("Approve the discount on order A-2026-1187", labels, kOrder);
    Tell("order", order);
    Tell("second", Issue("Approve the discount on order A-2026-1188", labels, kOrder));
    Tell("decline", *token::Limit(Issue("Pay invoice 5521", labels, kOrder), {"AE", *token::OnlyErrors({"Rejected"})}));
    Tell("form", Issue("Set a credit limit for Nordwind GmbH", {}, "null", kSchema));
    Tell("phone", Issue("Set a credit limit for Nordwind GmbH", {{"requested by", "Ines Albrecht"}}, "null", kSchema));
    Tell("hostile",
         Issue("<script>document.title='owned'</script><img src=x onerror=alert(1)>\"'&", {{"a", "</dl><b>"}}, "1"));
    Tell("beat", Issue("Load the archive tapes", {}, "null", "", 600'000));
    Tell("unknown", "T1" + std::string(38, 'x'));
    std::cout << "ready" << std::endl;
  }

  SystemClock clock_;
  storage::MemoryStore store_;
  broker::TokenCodec codec_{*broker::KeyRing::Create({broker::TokenKey{1}})};
  ThreadPool executor_{2};
  ThreadPool background_{1};
  broker::Observer observer_;
  std::unique_ptr<broker::Broker> broker_ = *broker::Broker::Open(
      {}, {store_, codec_, clock_, executor_, executor_, background_, observer_, [](absl::Status) {}});
  MetricsRegistry registry_;
  BrokerMetrics metrics_{registry_};
  calls::Authenticator authenticator_{AuthConfig{}};
  calls::Door door_{*broker_, authenticator_, metrics_};
  std::string base_;
};

}  // namespace
}  // namespace tokenbroker::pages

int main() { return tokenbroker::pages::PageServer().Run(); }
