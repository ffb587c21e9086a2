#include "server/web/settle_lines.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "json/json_reader.h"
#include "json/json_writer.h"
#include "server/rest/error_body.h"
#include "server/web/caller.h"
#include "server/web/content_type.h"
#include "server/web/rest_answer.h"

namespace tokenbroker::web {
namespace {

namespace pb = calls::pb;

constexpr size_t kLongestLine = size_t{8} << 20;

constexpr char kNdjson[] = "application/x-ndjson";
constexpr DurationMs kRetryWhenFull = 1000;

broker::Refusal TooManyLines() {
  return {broker::Reason::kOverloaded, "as much of unfinished lines is held as may be", "", kRetryWhenFull};
}

bool IsBlank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

}  // namespace

void SettleLines::Serve(const Shared& shared, http::ExchangePtr exchange) {
  const auto lines = std::make_shared<SettleLines>(shared, std::move(exchange));
  lines->self_ = lines;
  lines->exchange_->Listen(lines);
  lines->Begin();
}

SettleLines::SettleLines(const Shared& shared, http::ExchangePtr exchange)
    : shared_(shared), lane_(exchange->home()), exchange_(std::move(exchange)) {}

void SettleLines::Begin() {
  const Admission admission = Admit(*exchange_, shared_);
  if (admission.refusal) return End(How::kRefused, {admission.refusal});
  if (const broker::Refusal refusal = CheckContentType(exchange_->request(), kNdjson)) {
    return End(How::kRefused, {refusal});
  }
  feed_.emplace(calls::SettleFeed::Parts{shared_.door, shared_.streams, *admission.caller, lane_, *this});
  feed_->Start();
}

// --- In ---

void SettleLines::Read() {
  lane_.Run([self = shared_from_this()] { self->TakeLine(); });
}

void SettleLines::TakeLine() {
  while (true) {
    // What came before was looked through before.
    const size_t end = text_.find('\n', std::max(taken_, std::exchange(searched_, 0)));
    if (end == std::string::npos && !last_) return WantMore();
    if (end == std::string::npos && taken_ == text_.size()) return feed_->ReadEnd();
    const size_t length = end == std::string::npos ? std::string::npos : end - taken_;
    const std::string line = text_.substr(taken_, length);
    taken_ = end == std::string::npos ? text_.size() : end + 1;
    ++lines_;
    if (!IsBlank(line)) return TakeText(line);
  }
}

void SettleLines::WantMore() {
  text_.erase(0, std::exchange(taken_, 0));
  searched_ = text_.size();
  if (text_.size() > kLongestLine) {
    return feed_->CannotRead(broker::InvalidField(absl::StrCat("line ", lines_ + 1), "must be at most 8 MiB long"));
  }
  if (!Hold(text_.size())) return feed_->CannotRead(TooManyLines());
  std::lock_guard<std::mutex> lock(mutex_);
  if (exchange_ != nullptr) exchange_->ReadBody();
}

bool SettleLines::Hold(size_t bytes) {
  const auto held = static_cast<int64_t>(bytes);
  const int64_t more = held - held_;
  if (more > 0 && !shared_.unfinished_lines.Take(more)) return false;
  if (more < 0) shared_.unfinished_lines.GiveBack(-more);
  held_ = held;
  return true;
}

void SettleLines::TakeText(std::string_view line) {
  pb::SettleStreamRequest request;
  const absl::Status status = json::ReadJson(line, request);
  if (status.ok()) return feed_->Take(std::move(request));
  broker::Refusal refusal = BadRequest(status);
  refusal.message = absl::StrCat("message ", lines_, ": ", refusal.message);
  feed_->CannotRead(refusal);
}

void SettleLines::OnBody(std::string_view bytes, bool last) {
  text_ += bytes;
  last_ |= last;
  TakeLine();
}

// --- Out ---

void SettleLines::Write(const pb::SettleStreamResponse& response) {
  std::string line;
  json::WriteJson(response, line);
  line += '\n';
  std::lock_guard<std::mutex> lock(mutex_);
  writing_ = true;
  if (gone_) {
    lane_.Run([self = shared_from_this()] { self->OnWritten(); });
    return;
  }
  if (!std::exchange(streaming_, true)) exchange_->Stream({.content_type = kNdjson});
  exchange_->Write(line);
}

void SettleLines::End(How how, const calls::Refused& why) {
  std::shared_ptr<SettleLines> self = std::move(self_);
  Close(how, why);
  // The feed goes on the lane: here the registry of streams, which it leaves then, may be locked to drain them all.
  lane_.Run([self = std::move(self)] {});
}

void SettleLines::Close(How how, const calls::Refused& why) {
  std::lock_guard<std::mutex> lock(mutex_);
  const http::ExchangePtr exchange = std::move(exchange_);
  if (!streaming_ && how == How::kRefused) return exchange->Answer(JsonRefusal(calls::ToStatus(why)));
  if (!streaming_) return exchange->Answer({.content_type = kNdjson});
  if (how == How::kRefused) {
    std::string line;
    rest::WriteError(calls::ToStatus(why), line);
    exchange->Write(line + "\n");
  }
  exchange->End();
}

void SettleLines::OnWritten() {
  bool ok = true;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!std::exchange(writing_, false)) return;
    ok = !gone_;
  }
  feed_->Written(ok);
}

void SettleLines::OnGone() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    gone_ = true;
  }
  if (!feed_.has_value()) return;
  feed_->Cancel();
  OnWritten();
}

}  // namespace tokenbroker::web
