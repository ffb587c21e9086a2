#include "server/http/connection.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/http/lane.h"
#include "server/http/reasons.h"

namespace tokenbroker::http {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

// Beyond it, nothing more is read from a peer that does not take its answers.
constexpr size_t kEnoughOutput = 64 * 1024;
constexpr int64_t kMaxLingering = 256 * 1024;
// In one go. A request takes about four.
constexpr int kMaxSteps = 256;

std::string AddressOf(const tcp::socket& socket) {
  error_code error;
  const tcp::endpoint endpoint = socket.remote_endpoint(error);
  if (error) return "unknown";
  const std::string address = endpoint.address().to_string(error);
  return endpoint.address().is_v6() ? absl::StrCat("[", address, "]:", endpoint.port())
                                    : absl::StrCat(address, ":", endpoint.port());
}

}  // namespace

Connection::Connection(Lane& lane, tcp::socket socket, std::unique_ptr<Transport> transport, bool tls)
    : lane_(lane), socket_(std::move(socket)), transport_(std::move(transport)), peer_(std::make_shared<Peer>()) {
  peer_->address = AddressOf(socket_);
  peer_->tls = tls;
  since_ = lane_.Now();
  lane_.deadlines().Register(deadline_, this);
}

Connection::~Connection() = default;

bool Connection::MarkReady() {
  if (pumping_ || phase_ == Phase::kClosed) return false;
  return !std::exchange(ready_, true);
}

void Connection::Pump() {
  const ConnectionPtr self(this);
  ready_ = false;
  pumping_ = true;
  int steps = 0;
  do {
    while (steps < kMaxSteps && Step()) ++steps;
  } while (Flush() && steps++ < kMaxSteps);
  pumping_ = false;
  Settle();
  // Others want to be served, too.
  if (steps >= kMaxSteps && phase_ != Phase::kClosed) lane_.ServeLater(*this);
}

bool Connection::Step() {
  if (std::exchange(deadline_passed_, false)) return StepDeadline();
  switch (phase_) {
    case Phase::kHandshake:
      return StepHandshake();
    case Phase::kHead:
      return StepHead();
    case Phase::kBody:
      return StepBody();
    case Phase::kHandling:
      return StepHandling();
    case Phase::kDiscard:
      return StepDiscard();
    case Phase::kLinger:
      return StepLinger();
    case Phase::kClosed:
      return false;
  }
  return false;
}

void Connection::Enter(Phase phase) {
  phase_ = phase;
  since_ = lane_.Now();
}

bool Connection::StepHandshake() {
  const IoResult result = transport_ == nullptr ? IoResult() : transport_->Handshake();
  switch (result.kind) {
    case IoResult::Kind::kDone:
      peer_->certificate_names = transport_->CertificateNames();
      readable_ = readable_ || result.more;
      Enter(Phase::kHead);
      return true;
    case IoResult::Kind::kWantRead:
      readable_ = false;
      return false;
    case IoResult::Kind::kWantWrite:
      write_blocked_ = true;
      return false;
    default:
      HangUp(Hangup::kHandshake);
      return false;
  }
}

// An answer is followed by bytes that nobody wants: closing now would have the machine reset the connection, and the
// peer might never see its answer.
bool Connection::StepLinger() {
  if (!output_.empty()) return false;
  if (!std::exchange(ended_writing_, true)) {
    transport_->EndWriting();
    const bool all_read = !body_open_ && (work_ == nullptr || work_->input.rest().empty());
    if (all_read && transport_->Peek().kind != IoResult::Kind::kDone) {
      Abort();
      return false;
    }
    readable_ = true;
  }
  if (work_ == nullptr) work_ = lane_.TakeWorkspace();
  work_->input.Clear();
  if (!Fill()) return false;
  discarded_ += static_cast<int64_t>(work_->input.all().size());
  if (discarded_ > kMaxLingering) Abort();
  return true;
}

bool Connection::StepDeadline() {
  const TimeMs now = lane_.Now();
  if (!output_.empty() && now >= write_due_) {
    HangUp(Hangup::kTooSlow);
    return false;
  }
  if (now < Due()) return true;
  switch (phase_) {
    case Phase::kHead:
      if (IsIdle()) break;
      OpenExchange();
      return Refuse({.status = 408, .reason = reason::kSlowHead, .message = "the request's head took too long"}, true);
    case Phase::kBody:
      return Refuse({.status = 408, .reason = reason::kSlowBody, .message = "the request's body took too long"}, true);
    case Phase::kHandling:
      if (now >= probe_due_) return ProbeBehindInput();
      if (now < alarm_) return RefuseBody(408, reason::kSlowBody, "the request's body took too long");
      alarm_ = Deadlines::kNever;
      if (const auto listener = exchange_->ShareListener(); listener != nullptr && !gone_) listener->OnAlarm();
      return true;
    default:
      break;
  }
  if (IsIdle()) {
    Abort();
  } else {
    HangUp(Hangup::kTooSlow);
  }
  return false;
}

bool Connection::Fill() {
  if (!readable_) return false;
  const IoResult result = transport_->Read(work_->input.space());
  switch (result.kind) {
    case IoResult::Kind::kDone:
      work_->input.Filled(result.bytes);
      input_waits_ = false;
      readable_ = result.more;
      return true;
    case IoResult::Kind::kWantRead:
      readable_ = false;
      return false;
    case IoResult::Kind::kWantWrite:
      write_blocked_ = true;
      return false;
    case IoResult::Kind::kEnd:
      Abort();
      return false;
    case IoResult::Kind::kFailed:
      HangUp(Hangup::kReset);
      return false;
  }
  return false;
}

bool Connection::Flush() {
  if (phase_ == Phase::kClosed || output_.empty() || write_blocked_) return false;
  const auto parts = output_.Parts();
  const IoResult result = transport_->Write(parts);
  if (result.kind == IoResult::Kind::kDone) {
    output_.Wrote(result.bytes);
    taken_ += static_cast<int64_t>(result.bytes);
    write_due_ = Deadlines::kNever;
    if (output_.empty()) EndWait();
    return true;
  }
  if (result.kind != IoResult::Kind::kWantWrite) {
    HangUp(Hangup::kReset);
    return false;
  }
  write_blocked_ = true;
  return false;
}

// All output has been taken, at once if it did not begin to wait.
void Connection::EndWait() {
  taken_ = 0;
  const bool waited = std::exchange(write_since_, Deadlines::kNever) != Deadlines::kNever;
  if (waited && IsAnswered()) since_ = lane_.Now();
}

void Connection::Settle() {
  if (phase_ == Phase::kClosed) return;
  ReleaseMemory();
  if (!CountUnsent()) return HangUp(Hangup::kUnsent);
  if (IsIdle() && lane_.draining()) return Abort();
  if (phase_ == Phase::kHead && work_ != nullptr && !std::exchange(head_begun_, true)) since_ = lane_.Now();
  if (!output_.empty() && write_due_ == Deadlines::kNever) SetWriteDue();
  if (!read_armed_ && !readable_ && WantsToRead()) ArmRead();
  if (!write_armed_ && write_blocked_) ArmWrite();
  lane_.SetIdle(*this, IsIdle());
  lane_.deadlines().Set(deadline_, Due());
}

void Connection::ReleaseMemory() {
  if (work_ != nullptr && !body_open_ && work_->input.rest().empty() &&
      (phase_ == Phase::kHead || phase_ == Phase::kHandling)) {
    lane_.GiveBack(std::move(work_));
  }
  if (output_.empty() && output_.capacity() > sizeof(std::string)) lane_.GiveBack(output_.Swap({}));
}

bool Connection::CountUnsent() {
  const int64_t held = output_.empty() ? 0 : static_cast<int64_t>(output_.capacity());
  const int64_t more = held - std::exchange(unsent_, held);
  if (more == 0) return true;
  const int64_t all = lane_.shared().unsent.fetch_add(more, std::memory_order_relaxed) + more;
  return more < 0 || all <= lane_.limits().unsent_bytes;
}

bool Connection::WantsToRead() const {
  switch (phase_) {
    case Phase::kHandshake:
      return !write_blocked_;
    case Phase::kHead:
      return output_.pending() <= kEnoughOutput;
    case Phase::kBody:
    case Phase::kDiscard:
      return true;
    case Phase::kHandling:
      return IsReadingStream() || !input_waits_;
    case Phase::kLinger:
      return output_.empty();
    case Phase::kClosed:
      return false;
  }
  return false;
}

bool Connection::IsAnswered() const {
  return phase_ == Phase::kHead || phase_ == Phase::kDiscard || phase_ == Phase::kLinger;
}

bool Connection::IsIdle() const { return phase_ == Phase::kHead && work_ == nullptr && output_.empty(); }

void Connection::ArmRead() {
  read_armed_ = true;
  socket_.async_wait(tcp::socket::wait_read, [self = ConnectionPtr(this)](error_code error) {
    self->read_armed_ = false;
    if (error) return;
    self->readable_ = true;
    self->lane_.Serve(*self);
  });
}

void Connection::ArmWrite() {
  write_armed_ = true;
  socket_.async_wait(tcp::socket::wait_write, [self = ConnectionPtr(this)](error_code error) {
    self->write_armed_ = false;
    if (error) return;
    self->write_blocked_ = false;
    self->lane_.Serve(*self);
  });
}

// Some of it has to be taken, and all of it in time.
void Connection::SetWriteDue() {
  const Limits& limits = lane_.limits();
  const TimeMs now = lane_.Now();
  if (write_since_ == Deadlines::kNever) write_since_ = now;
  write_due_ = std::min(now, write_since_ + taken_ * 1000 / limits.write_rate) + limits.write_stall_time;
}

TimeMs Connection::BodyDue() const {
  const Limits& limits = lane_.limits();
  const int64_t received = work_ == nullptr ? 0 : work_->received;
  const TimeMs whole = since_ + limits.body_grace + received * 1000 / std::max<int64_t>(limits.body_rate, 1);
  return received == 0 ? whole : std::min(whole, work_->received_at + limits.stream_idle_time);
}

TimeMs Connection::Due() const {
  const Limits& limits = lane_.limits();
  if (!output_.empty() && IsAnswered()) return write_due_;
  TimeMs due = Deadlines::kNever;
  switch (phase_) {
    case Phase::kHandshake:
      due = since_ + limits.handshake_time;
      break;
    case Phase::kHead:
      due = since_ + (work_ == nullptr ? limits.idle_time : limits.header_time);
      break;
    case Phase::kBody:
    case Phase::kDiscard:
      due = BodyDue();
      break;
    case Phase::kHandling:
      due = std::min(alarm_, probe_due_);
      if (IsReadingStream()) due = std::min(due, since_ + limits.stream_idle_time);
      break;
    case Phase::kLinger:
      due = since_ + limits.linger_time;
      break;
    case Phase::kClosed:
      break;
  }
  return output_.empty() ? due : std::min(due, write_due_);
}

void Connection::OnDeadline() {
  deadline_passed_ = true;
  lane_.Serve(*this);
}

void Connection::HangUp(Hangup why) {
  lane_.shared().observer->OnHangup(why);
  Abort();
}

void Connection::Abort() {
  if (phase_ == Phase::kClosed) return;
  const ConnectionPtr self(this);
  phase_ = Phase::kClosed;
  error_code ignored;
  socket_.close(ignored);
  lane_.deadlines().Remove(deadline_);
  lane_.SetIdle(*this, false);
  if (exchange_open_) {
    TellGone();
    FinishExchange(499);
  }
  if (work_ != nullptr) lane_.GiveBack(std::move(work_));
  lane_.shared().unsent.fetch_sub(std::exchange(unsent_, 0), std::memory_order_relaxed);
  lane_.Release(*this);
}

}  // namespace tokenbroker::http
