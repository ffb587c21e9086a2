// Connection: from bytes to a handler.
#include <algorithm>
#include <exception>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/system_clock.h"
#include "server/http/connection.h"
#include "server/http/lane.h"
#include "server/http/reasons.h"
#include "server/telemetry/log.h"

namespace tokenbroker::http {
namespace {

// Kept free behind the head, so that the body has a place to come to.
constexpr size_t kBodySpace = 4 * 1024;
constexpr size_t kEnoughOutput = 64 * 1024;
constexpr size_t kInflatedPiece = 16 * 1024;
constexpr size_t kMaxHintedPath = 512;

const char* ReasonOf(int status) {
  switch (status) {
    case 414:
      return reason::kTargetTooLong;
    case 415:
      return reason::kUnsupportedEncoding;
    case 417:
      return reason::kUnsupportedExpectation;
    case 431:
      return reason::kHeadTooLong;
    case 501:
      return reason::kNotImplemented;
    case 505:
      return reason::kUnsupportedVersion;
    default:
      return reason::kMalformedRequest;
  }
}

bool IsSaneRequestId(std::string_view id) {
  return !id.empty() && id.size() <= ExchangeCore::kMaxRequestId && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("-_.:+/=").find(c) != std::string_view::npos;
  });
}

}  // namespace

bool Connection::StepHead() {
  if (output_.pending() > kEnoughOutput) return false;
  if (work_ == nullptr) {
    if (!readable_) return false;
    work_ = lane_.TakeWorkspace();
  }
  InputBuffer& input = work_->input;
  switch (work_->scanner.Scan(input.all(), lane_.limits())) {
    case HeadScanner::State::kMore:
      if (input.space().empty()) input.Grow(2 * input.capacity());
      return Fill();
    case HeadScanner::State::kComplete:
    case HeadScanner::State::kRefused:
      return BeginRequest();
  }
  return false;
}

bool Connection::BeginRequest() {
  const HeadScanner& scanner = work_->scanner;
  OpenExchange();
  if (scanner.status() != 0) {
    return Refuse(
        {.status = scanner.status(), .reason = ReasonOf(scanner.status()), .message = std::string(scanner.message())},
        true);
  }
  work_->input.Grow(scanner.end() + kBodySpace);
  const std::string_view head = work_->input.all().substr(scanner.begin(), scanner.end() - scanner.begin());
  work_->input.Consume(scanner.end());
  RequestParser& parser = work_->parser.emplace(work_->request);
  const auto refusal = parser.ParseHead(head, lane_.limits());
  head_only_ = work_->request.method == Method::kHead;
  http10_ = work_->request.minor_version == 0;
  close_after_ = close_after_ || !parser.keep_alive();
  ChooseRequestId();
  if (refusal.has_value()) {
    return Refuse({.status = refusal->status, .reason = ReasonOf(refusal->status), .message = refusal->message}, true);
  }
  work_->decoder = parser.body();
  body_open_ = !work_->decoder.complete();
  continue_owed_ = parser.wants_continue() && body_open_;
  return FindRoute();
}

void Connection::OpenExchange() {
  ++requests_;
  started_micros_ = ElapsedMicros();
  head_begun_ = head_only_ = http10_ = body_open_ = false;
  origin_.clear();
  max_body_ = std::numeric_limits<int64_t>::max();
  close_after_ = lane_.draining() || requests_ >= lane_.limits().requests_per_connection;
  if (exchange_ == nullptr || !exchange_->IsUnshared()) {
    exchange_.reset(new ExchangeCore(lane_.self().lock(), peer_));
  }
  exchange_->Begin(*this, nullptr, &lane_.shared().router.ErrorFormOf({}));
  ChooseRequestId();
}

void Connection::ChooseRequestId() {
  const auto given = work_->request.Find("X-Request-Id");
  if (given.has_value() && IsSaneRequestId(*given)) return exchange_->SetRequestId(*given);
  std::string made;
  lane_.MakeRequestId(made);
  exchange_->SetRequestId(made);
}

bool Connection::FindRoute() {
  const Router& router = lane_.shared().router;
  Request& request = work_->request;
  if (!lane_.shared().options.cors.allowed_origins.empty()) origin_ = request.Find("Origin").value_or("");
  if (work_->parser->whole_server()) return AnswerOptions(router.methods());
  const Router::Match match = router.Find(request, work_->scratch);
  exchange_->Begin(*this, match.route, &router.ErrorFormOf(request.path));
  switch (match.kind) {
    case Router::Match::Kind::kFound:
      return Admit(*match.route);
    case Router::Match::Kind::kBadPath:
      return Refuse({.status = 400,
                     .reason = reason::kMalformedPath,
                     .message = "the path has a percent sign without two hexadecimal digits, or a NUL"},
                    false);
    case Router::Match::Kind::kOtherMethod:
      if (request.method == Method::kOptions) return AnswerOptions(match.methods);
      return Refuse({.status = 405,
                     .reason = reason::kMethodNotAllowed,
                     .message = "this path takes other methods",
                     .allow = Router::AllowOf(match.methods)},
                    false);
    case Router::Match::Kind::kUnknown:
      break;
  }
  return Refuse({.status = 404,
                 .reason = reason::kNoSuchRoute,
                 .message = "nothing is at this path",
                 .hint = request.path.size() > kMaxHintedPath ? "" : router.Nearest(request.method, request.path)},
                false);
}

bool Connection::AnswerOptions(uint32_t methods) {
  Response response{.status = 204};
  const std::string allow = Router::AllowOf(methods);
  response.AddHeader("Allow", allow);
  const CorsOptions& cors = lane_.shared().options.cors;
  if (!origin_.empty() && work_->request.Find("Access-Control-Request-Method").has_value()) {
    response.AddHeader("Access-Control-Allow-Methods", allow);
    response.AddHeader("Access-Control-Allow-Headers", cors.allowed_headers);
    response.AddHeader("Access-Control-Max-Age", std::to_string(cors.max_age / 1000));
  }
  WriteAnswer(response);
  return true;
}

std::string Connection::BodyTooLarge() const {
  const bool is_setting = max_body_ == lane_.limits().body_bytes;
  return absl::StrCat("the body has more than ", max_body_, " bytes", is_setting ? " (http.max_body_size)" : "");
}

// The head is fine: now the body may come.
bool Connection::Admit(const Route& route) {
  const bool gathered = route.body == BodyMode::kGathered;
  const RequestParser& parser = *work_->parser;
  max_body_ = route.max_body_bytes >= 0 ? route.max_body_bytes
              : gathered                ? lane_.limits().body_bytes
                                        : std::numeric_limits<int64_t>::max();
  if (!parser.chunked() && parser.length() > static_cast<uint64_t>(max_body_)) {
    return Refuse({.status = 413, .reason = reason::kBodyTooLarge, .message = BodyTooLarge()}, false);
  }
  if (std::exchange(continue_owed_, false) && work_->input.rest().empty())
    output_.text().append("HTTP/1.1 100 Continue\r\n\r\n");
  if (!gathered || !body_open_) return Dispatch();
  Enter(Phase::kBody);
  return true;
}

Connection::Piece Connection::NextPiece(std::string_view& piece) {
  const BodyDecoder::Step step = work_->decoder.Decode(work_->input.rest());
  work_->input.Consume(step.consumed);
  work_->received += static_cast<int64_t>(step.consumed);
  if (step.consumed > 0) work_->received_at = lane_.Now();
  piece = step.body;
  if (step.refused != nullptr) {
    RefuseBody(400, reason::kMalformedBody, step.refused);
    return Piece::kRefused;
  }
  if (work_->decoder.remaining() > static_cast<uint64_t>(max_body_)) {
    RefuseBody(413, reason::kBodyTooLarge, BodyTooLarge());
    return Piece::kRefused;
  }
  if (step.consumed > 0) return Piece::kSome;
  // What was read of the body is used up; the head is still viewed.
  work_->input.CompactTo(work_->scanner.end());
  return Fill() ? Piece::kSome : Piece::kNone;
}

bool Connection::RefuseBody(int status, const char* reason, std::string message, int retry_after_seconds) {
  if (phase_ == Phase::kDiscard) {
    Enter(Phase::kLinger);
    return true;
  }
  // Who has part of an answer already is told by its end in the middle.
  if (streaming_) {
    HangUp(Hangup::kReset);
    return false;
  }
  return Refuse(
      {.status = status, .reason = reason, .message = std::move(message), .retry_after_seconds = retry_after_seconds},
      true);
}

bool Connection::StepBody() {
  if (work_->decoder.complete()) return FinishBody();
  std::string_view piece;
  switch (NextPiece(piece)) {
    case Piece::kSome:
      return piece.empty() || Gather(piece);
    case Piece::kNone:
      return false;
    case Piece::kRefused:
      return true;
  }
  return false;
}

bool Connection::Reserve(size_t size) {
  work_->inflated += static_cast<int64_t>(size);
  if (work_->inflated > max_body_) {
    RefuseBody(413, reason::kBodyTooLarge, BodyTooLarge());
    return false;
  }
  return ReserveMemory(static_cast<int64_t>(size));
}

bool Connection::ReserveMemory(int64_t bytes) {
  work_->reserved += bytes;
  if (lane_.shared().gathered.fetch_add(bytes, std::memory_order_relaxed) + bytes <= lane_.limits().gathered_bytes) {
    return true;
  }
  RefuseBody(503, reason::kOverloaded, "too many bodies at once; try again", 1);
  return false;
}

bool Connection::FeedInflater(std::string_view piece) {
  if (work_->inflater == nullptr) {
    if (!ReserveMemory(Inflater::kMemory)) return false;
    work_->inflater = std::make_unique<Inflater>();
  }
  work_->inflater->Feed(piece);
  return true;
}

bool Connection::HasEndOfGzip() const {
  return !work_->parser->gzip() || (work_->inflater != nullptr && work_->inflater->complete());
}

bool Connection::Gather(std::string_view piece) {
  if (work_->parser->gzip()) return GatherInflated(piece);
  if (work_->body.empty() && work_->decoder.complete()) {
    // All of it stands where it came.
    work_->request.body = piece;
    return true;
  }
  if (Reserve(piece.size())) work_->body.append(piece);
  return true;
}

bool Connection::GatherInflated(std::string_view piece) {
  if (!FeedInflater(piece)) return true;
  Inflater& inflater = *work_->inflater;
  std::string& body = work_->body;
  while (true) {
    const size_t before = body.size();
    body.resize(before + kInflatedPiece);
    const size_t size = inflater.Inflate(body.data() + before, kInflatedPiece);
    body.resize(before + size);
    if (size == 0) break;
    if (!Reserve(size)) return true;
  }
  return !inflater.failed() || RefuseBody(400, reason::kMalformedBody, "the body is no gzip");
}

bool Connection::FinishBody() {
  body_open_ = false;
  if (!HasEndOfGzip()) {
    return Refuse({.status = 400, .reason = reason::kMalformedBody, .message = "the body's gzip has no end"}, false);
  }
  if (work_->request.body.empty()) work_->request.body = work_->body;
  return Dispatch();
}

bool Connection::Dispatch() {
  Enter(Phase::kHandling);
  alarm_ = Deadlines::kNever;
  wants_body_ = inflating_ = streaming_ = tell_written_ = gone_ = input_waits_ = false;
  probe_due_ = Deadlines::kNever;
  exchange_open_ = true;
  exchange_->SetRequest(&work_->request, &work_->body);
  try {
    exchange_->found_route()->handle(exchange_->Handle());
  } catch (const std::exception&) {
    // Its text might quote the request. The handle went with the exception: the answer is 500.
    Log(Level::kError, "http_handler_threw", {{"route", exchange_->found_route()->name}});
  } catch (...) {
    Log(Level::kError, "http_handler_threw", {{"route", exchange_->found_route()->name}});
  }
  exchange_->SetRequest(nullptr, nullptr);
  return true;
}

bool Connection::StepStreamedBody() {
  if (inflating_) return DeliverInflated();
  std::string_view piece;
  if (work_ == nullptr || !body_open_ || work_->decoder.complete()) return DeliverPiece({}, true);
  switch (NextPiece(piece)) {
    case Piece::kSome:
      break;
    case Piece::kNone:
      return false;
    case Piece::kRefused:
      return true;
  }
  since_ = lane_.Now();
  if (piece.empty()) return true;
  if (!work_->parser->gzip()) return DeliverPiece(piece, work_->decoder.complete());
  inflating_ = FeedInflater(piece);
  return true;
}

// The inflater views the input: nothing is read before it has used that up.
bool Connection::DeliverInflated() {
  work_->body.resize(kInflatedPiece);
  const size_t size = work_->inflater->Inflate(work_->body.data(), kInflatedPiece);
  if (size > 0) return DeliverPiece(std::string_view(work_->body).substr(0, size), false);
  inflating_ = false;
  return !work_->inflater->failed() || RefuseBody(400, reason::kMalformedBody, "the body is no gzip");
}

bool Connection::DeliverPiece(std::string_view piece, bool last) {
  if (last && body_open_ && !HasEndOfGzip()) {
    return RefuseBody(400, reason::kMalformedBody, "the body's gzip has no end");
  }
  if (work_ != nullptr && (work_->inflated += static_cast<int64_t>(piece.size())) > max_body_) {
    return RefuseBody(413, reason::kBodyTooLarge, BodyTooLarge());
  }
  wants_body_ = false;
  if (last) body_open_ = false;
  if (const auto listener = exchange_->ShareListener(); listener != nullptr && !gone_) listener->OnBody(piece, last);
  return true;
}

bool Connection::StepDiscard() {
  std::string_view piece;
  if (work_->decoder.complete()) {
    body_open_ = false;
    NextRequest();
    return true;
  }
  switch (NextPiece(piece)) {
    case Piece::kSome:
      break;
    case Piece::kNone:
      return false;
    case Piece::kRefused:
      return true;
  }
  if (work_->received <= lane_.limits().discard_bytes) return true;
  Enter(Phase::kLinger);
  return true;
}

void Connection::NextRequest() {
  Enter(Phase::kHead);
  if (work_ == nullptr) return;
  lane_.shared().gathered.fetch_sub(std::exchange(work_->reserved, 0), std::memory_order_relaxed);
  work_->NextRequest();
}

}  // namespace tokenbroker::http
