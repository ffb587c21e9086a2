// Connection: from a handler to bytes.
#include <poll.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/system_clock.h"
#include "server/http/connection.h"
#include "server/http/lane.h"

namespace tokenbroker::http {
namespace {

bool MayHaveBody(int status) { return status >= 200 && status != 204 && status != 304; }

void AppendNumber(std::string& out, uint64_t number, int base = 10) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof(digits), number, base).ptr);
}

void AppendHeader(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

bool Connection::StepHandling() {
  Mail mail;
  if (exchange_->Take(mail)) return Apply(mail);
  if (tell_written_ && output_.empty()) {
    tell_written_ = false;
    if (const auto listener = exchange_->ShareListener(); listener != nullptr && !gone_) listener->OnWritten();
    return true;
  }
  if (wants_body_) return StepStreamedBody();
  return readable_ && !input_waits_ && Probe();
}

bool Connection::Apply(Mail& mail) {
  if (mail.sets_alarm) alarm_ = mail.alarm > 0 ? lane_.Now() + mail.alarm : Deadlines::kNever;
  if (mail.reads && !wants_body_) {
    wants_body_ = true;
    since_ = lane_.Now();
  }
  if (mail.has_response && !mail.streams) {
    WriteAnswer(mail.response);
    return true;
  }
  if (mail.has_response) BeginStream(mail.response);
  if (!exchange_open_) return true;
  if (!mail.bytes.empty()) WritePieces(mail.bytes, mail.last_piece);
  if (mail.ends) EndStream();
  if (mail.cut_off) Abort();
  return phase_ != Phase::kClosed;
}

// Is the peer still there? Bytes may be the next request; they stay where they are until it is their turn.
bool Connection::Probe() {
  const IoResult result = transport_->Peek();
  switch (result.kind) {
    case IoResult::Kind::kDone:
      input_waits_ = true;
      probe_due_ = lane_.Now() + lane_.limits().probe_time;
      return false;
    case IoResult::Kind::kEnd:
      return OnPeerEnd();
    case IoResult::Kind::kFailed:
      HangUp(Hangup::kReset);
      return false;
    default:
      readable_ = false;
      return false;
  }
}

// The machine tells of the end of what a peer sends only when everything before it has been read, but says so if asked.
// What was sent before is still served.
bool Connection::ProbeBehindInput() {
  pollfd peer{socket_.native_handle(), POLLRDHUP, 0};
  const bool ended = poll(&peer, 1, 0) > 0;
  probe_due_ = ended ? Deadlines::kNever : lane_.Now() + lane_.limits().probe_time;
  if (!ended) return true;
  if (streaming_) {
    Abort();
    return false;
  }
  TellGone();
  return true;
}

// It may have closed, or just sent all that it has to send; that shows when it gets its answer.
bool Connection::OnPeerEnd() {
  input_waits_ = true;
  close_after_ = true;
  if (streaming_) {
    Abort();
    return false;
  }
  TellGone();
  return true;
}

void Connection::TellGone() {
  if (std::exchange(gone_, true)) return;
  if (const auto listener = exchange_->ShareListener()) listener->OnGone();
}

bool Connection::Refuse(const Failure& failure, bool close) {
  close_after_ = close_after_ || close;
  if (exchange_open_) TellGone();
  Response response = FormFailure(exchange_->error_form(), failure, exchange_->id());
  WriteAnswer(response);
  return true;
}

void Connection::DecideWhetherToClose() {
  close_after_ = close_after_ || lane_.draining();
  if (!body_open_ || close_after_) return;
  // A peer that waits for "100 Continue" may now send its body, or not: nobody can tell what comes next.
  const RequestParser& parser = *work_->parser;
  close_after_ =
      continue_owed_ || (!parser.chunked() && parser.length() > static_cast<uint64_t>(lane_.limits().discard_bytes));
}

void Connection::WriteAnswer(Response& response) {
  DecideWhetherToClose();
  if (response.status < 200) response.status = 500;
  WriteHead(response, false);
  if (!head_only_ && MayHaveBody(response.status)) output_.AppendBody(std::move(response.body));
  FinishExchange(response.status);
}

void Connection::BeginStream(Response& response) {
  // An answer that ends is worth sending to a peer that only stopped talking; one without end is not.
  if (gone_) return Abort();
  // Its length is not known to those who cannot read chunks: for them it ends with the connection.
  close_after_ = close_after_ || http10_;
  DecideWhetherToClose();
  WriteHead(response, true);
  streaming_ = true;
  if (!head_only_ && MayHaveBody(response.status)) return WritePieces(response.body, response.body.size());
  TellGone();
  FinishExchange(response.status);
}

void Connection::WritePieces(std::string_view bytes, size_t last_piece) {
  tell_written_ = true;
  // An empty chunk would be the last.
  if (bytes.empty()) return;
  // The last piece does not count: else one that is larger than the backlog could never be sent, not to the fastest
  // reader.
  const size_t waiting = output_.pending() + bytes.size() - last_piece;
  if (waiting > lane_.limits().stream_backlog_bytes) return HangUp(Hangup::kTooSlow);
  std::string& out = output_.text();
  if (!http10_) {
    AppendNumber(out, bytes.size(), 16);
    out.append("\r\n");
  }
  out.append(bytes);
  if (!http10_) out.append("\r\n");
}

void Connection::EndStream() {
  if (phase_ == Phase::kClosed) return;
  if (!http10_) output_.text().append("0\r\n\r\n");
  FinishExchange(200);
}

void Connection::WriteHead(const Response& response, bool streamed) {
  if (output_.empty()) output_.Swap(lane_.TakeString());
  std::string& out = output_.text();
  out.append("HTTP/1.1 ");
  AppendNumber(out, response.status);
  out.append(" ").append(PhraseOf(response.status)).append("\r\n").append(lane_.CommonHeaders());
  AppendHeader(out, "X-Request-Id", exchange_->id());
  if (!response.content_type.empty()) AppendHeader(out, "Content-Type", response.content_type);
  out.append(response.headers);
  if (!origin_.empty()) WriteCorsHeaders(out);
  if (streamed && !http10_) {
    out.append("Transfer-Encoding: chunked\r\n");
  } else if (!streamed && MayHaveBody(response.status)) {
    out.append("Content-Length: ");
    AppendNumber(out, response.body.size());
    out.append("\r\n");
  }
  if (close_after_) {
    out.append("Connection: close\r\n");
  } else if (http10_) {
    out.append("Connection: keep-alive\r\n");
  }
  out.append("\r\n");
}

void Connection::WriteCorsHeaders(std::string& out) {
  const CorsOptions& cors = lane_.shared().options.cors;
  out.append("Vary: Origin\r\n");
  const bool allowed = std::any_of(cors.allowed_origins.begin(), cors.allowed_origins.end(),
                                   [&](const std::string& each) { return each == "*" || each == origin_; });
  if (!allowed) return;
  AppendHeader(out, "Access-Control-Allow-Origin", origin_);
  AppendHeader(out, "Access-Control-Expose-Headers", cors.exposed_headers);
}

void Connection::FinishExchange(int status) {
  lane_.shared().observer->OnAnswered(exchange_->found_route(), status, ElapsedMicros() - started_micros_);
  exchange_open_ = false;
  exchange_->Finish();
  if (phase_ == Phase::kClosed) return;
  wants_body_ = streaming_ = false;
  alarm_ = Deadlines::kNever;
  if (close_after_) return Enter(Phase::kLinger);
  if (body_open_) return Enter(Phase::kDiscard);
  NextRequest();
}

}  // namespace tokenbroker::http
