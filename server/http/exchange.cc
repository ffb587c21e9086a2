#include "server/http/exchange.h"

#include <algorithm>
#include <utility>

#include "server/http/connection.h"
#include "server/http/exchange_core.h"
#include "server/http/lane.h"

namespace tokenbroker::http {

ExchangeCore& Exchange::core() { return static_cast<ExchangeCore&>(*this); }
const ExchangeCore& Exchange::core() const { return static_cast<const ExchangeCore&>(*this); }

const Request& Exchange::request() const { return *core().request_; }
std::string_view Exchange::request_id() const { return core().id(); }
const Peer& Exchange::peer() const { return *core().peer_; }
const Route& Exchange::route() const { return *core().route_; }
Home& Exchange::home() const { return *core().lane_; }

std::string Exchange::TakeBody() {
  ExchangeCore& self = core();
  const std::string_view body = self.request_->body;
  if (body.data() == self.body_->data() && body.size() == self.body_->size()) return std::move(*self.body_);
  return std::string(body);
}

void Exchange::Answer(Response response) {
  core().Post([&](ExchangeCore& self) {
    if (self.answered_) return false;
    self.answered_ = self.ended_ = true;
    self.mail_.has_response = true;
    self.mail_.response = std::move(response);
    return true;
  });
}

void Exchange::Refuse(const Failure& failure) { Answer(FormFailure(*core().form_, failure, request_id())); }

void Exchange::Stream(Response head) {
  core().Post([&](ExchangeCore& self) {
    if (self.answered_) return false;
    self.answered_ = true;
    self.mail_.has_response = self.mail_.streams = true;
    self.mail_.response = std::move(head);
    return true;
  });
}

void Exchange::Write(std::string_view bytes) {
  core().Post([&](ExchangeCore& self) {
    if (!self.answered_ || self.ended_) return false;
    if (bytes.empty()) return true;
    self.mail_.bytes.append(bytes);
    self.mail_.last_piece = bytes.size();
    return true;
  });
}

void Exchange::End() {
  core().Post([](ExchangeCore& self) {
    if (!self.answered_ || self.ended_) return false;
    return self.ended_ = self.mail_.ends = true;
  });
}

void Exchange::Listen(std::shared_ptr<Listener> listener) { core().listener_ = std::move(listener); }

void Exchange::ReadBody() {
  core().Post([](ExchangeCore& self) { return self.mail_.reads = true; });
}

void Exchange::WakeAfter(DurationMs time) {
  core().Post([time](ExchangeCore& self) {
    self.mail_.alarm = time;
    return self.mail_.sets_alarm = true;
  });
}

void DropExchange::operator()(Exchange* exchange) const {
  auto* core = static_cast<ExchangeCore*>(exchange);
  core->Drop();
  intrusive_ptr_release(core);
}

ExchangeCore::ExchangeCore(std::shared_ptr<Lane> lane, std::shared_ptr<const Peer> peer)
    : lane_(std::move(lane)), peer_(std::move(peer)) {}
ExchangeCore::~ExchangeCore() = default;

void ExchangeCore::Begin(Connection& connection, const Route* route, const ErrorForm* form) {
  connection_ = &connection;
  route_ = route;
  form_ = form;
  posted_ = answered_ = ended_ = false;
}

void ExchangeCore::SetRequestId(std::string_view id) {
  request_id_size_ = static_cast<uint8_t>(std::min(id.size(), kMaxRequestId));
  std::copy_n(id.data(), request_id_size_, request_id_.data());
}

void ExchangeCore::SetRequest(const Request* request, std::string* body) {
  request_ = request;
  body_ = body;
}

ExchangePtr ExchangeCore::Handle() {
  intrusive_ptr_add_ref(this);
  return ExchangePtr(this);
}

bool ExchangeCore::Take(Mail& mail) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!posted_) return false;
  posted_ = false;
  mail = std::exchange(mail_, Mail());
  return true;
}

void ExchangeCore::Finish() {
  connection_ = nullptr;
  listener_.reset();
  const std::lock_guard<std::mutex> lock(mutex_);
  mail_ = Mail();
  answered_ = ended_ = true;
}

template <typename Change>
void ExchangeCore::Post(Change change) {
  const bool here = lane_->Here();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!change(*this)) return;
    posted_ = true;
    // The connection may have taken the mail before the inbox was delivered: it is in there all the same.
    if (!here && std::exchange(queued_, true)) return;
  }
  if (here) {
    if (connection_ != nullptr) lane_->Serve(*connection_);
    return;
  }
  intrusive_ptr_add_ref(this);
  lane_->Add(*this);
}

void ExchangeCore::Deliver() {
  const ExchangeCorePtr self(this, false);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    queued_ = false;
  }
  if (connection_ != nullptr) lane_->Serve(*connection_);
}

void ExchangeCore::Discard() { intrusive_ptr_release(this); }

void ExchangeCore::Drop() {
  bool unanswered = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    unanswered = !answered_;
  }
  if (unanswered) return Refuse({.status = 500, .message = "the request was dropped"});
  Post([](ExchangeCore& self) {
    if (self.ended_) return false;
    return self.ended_ = self.mail_.cut_off = true;
  });
}

}  // namespace tokenbroker::http
