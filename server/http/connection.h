// One peer: reads its requests one after the other, has each answered before it looks at the next, and lets it neither
// wait for nothing nor hold what it does not need.
//
// A connection lives on its lane's thread. Whatever happens to it (bytes, room to write, an answer, a deadline) leads
// to Pump, which steps through phases until nothing can be done without waiting, and then says what it waits for.
//
//   kHandshake ─▶ kHead ─▶ kBody ─▶ kHandling ─▶ kDiscard ─▶ kHead ...; from each to kLinger ─▶ kClosed
//
// Requests of a pipeline wait in the machine's buffers until it is their turn: they may change things, so they must not
// run side by side (RFC 9112 9.3.2), and what is not read costs no memory here.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/intrusive/list_hook.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "server/http/deadlines.h"
#include "server/http/exchange_core.h"
#include "server/http/observer.h"
#include "server/http/output.h"
#include "server/http/transport.h"
#include "server/http/workspace.h"

namespace tokenbroker::http {

class Lane;

class Connection final : public boost::intrusive_ref_counter<Connection, boost::thread_unsafe_counter> {
 public:
  using Hook = boost::intrusive::list_member_hook<>;

  // With a null `transport` it closes at once.
  Connection(Lane& lane, boost::asio::ip::tcp::socket socket, std::unique_ptr<Transport> transport, bool tls);
  ~Connection();

  // Does what can be done. The lane calls it, for one connection at a time.
  void Pump();
  void OnDeadline();
  // Closes; whoever still works on its request is told.
  void Abort();
  // True if it was not to be served already.
  bool MarkReady();

  // The lane's lists.
  Hook all_hook;
  Hook idle_hook;

 private:
  enum class Phase : uint8_t { kHandshake, kHead, kBody, kHandling, kDiscard, kLinger, kClosed };
  enum class Piece : uint8_t { kSome, kNone, kRefused };

  // connection.cc: life, waiting, time.

  // Each does one thing; true if there may be more to do at once.
  bool Step();
  bool StepHandshake();
  bool StepLinger();
  bool StepDeadline();
  void Enter(Phase phase);
  void HangUp(Hangup why);
  // Reads what is there. False if nothing is, or the connection has ended.
  bool Fill();
  bool Flush();
  void EndWait();
  // The pump has come to rest: gives memory back, waits for what comes next.
  void Settle();
  void ReleaseMemory();
  // False if that of all connections is too much now.
  bool CountUnsent();
  bool WantsToRead() const;
  // The peer may still be reading its answer. What it owes next counts from when it has all of it.
  bool IsAnswered() const;
  bool IsIdle() const;
  bool IsReadingStream() const { return wants_body_ && body_open_; }
  void ArmRead();
  void ArmWrite();
  TimeMs Due() const;
  TimeMs BodyDue() const;
  void SetWriteDue();

  // connection_request.cc: from bytes to a handler.

  bool StepHead();
  bool BeginRequest();
  // Whatever comes now is about one request, even if it cannot be read.
  void OpenExchange();
  void ChooseRequestId();
  bool FindRoute();
  bool AnswerOptions(uint32_t methods);
  bool Admit(const Route& route);
  bool StepBody();
  bool StepDiscard();
  // The next piece of the body, as sent; kSome may be an empty one. kNone: wait, or the connection has ended.
  Piece NextPiece(std::string_view& piece);
  // Refuses, or hangs up if it is too late for that.
  std::string BodyTooLarge() const;
  bool RefuseBody(int status, const char* reason, std::string message, int retry_after_seconds = 0);
  bool Gather(std::string_view piece);
  bool GatherInflated(std::string_view piece);
  // Counts bytes of a body against its own limit and that of all; refuses and returns false if there are too many.
  bool Reserve(size_t size);
  // Only against that of all.
  bool ReserveMemory(int64_t bytes);
  // The first piece pays for the inflater: a head alone holds none. Refuses and returns false if there are too many.
  bool FeedInflater(std::string_view piece);
  bool HasEndOfGzip() const;
  bool FinishBody();
  bool Dispatch();
  bool StepStreamedBody();
  bool DeliverPiece(std::string_view piece, bool last);
  bool DeliverInflated();
  void NextRequest();

  // connection_answer.cc: from a handler to bytes.

  bool StepHandling();
  bool Apply(Mail& mail);
  bool Probe();
  bool ProbeBehindInput();
  bool OnPeerEnd();
  void TellGone();
  // Always true: there is an answer to be written.
  bool Refuse(const Failure& failure, bool close);
  void WriteAnswer(Response& response);
  void BeginStream(Response& response);
  // One or more pieces, of which the last has `last_piece` bytes.
  void WritePieces(std::string_view bytes, size_t last_piece);
  void EndStream();
  void WriteHead(const Response& response, bool streamed);
  void WriteCorsHeaders(std::string& out);
  void DecideWhetherToClose();
  void FinishExchange(int status);

  Lane& lane_;
  boost::asio::ip::tcp::socket socket_;
  const std::unique_ptr<Transport> transport_;
  std::shared_ptr<Peer> peer_;
  ExchangeCorePtr exchange_;
  std::unique_ptr<Workspace> work_;
  Output output_;
  Deadlines::Entry deadline_;

  // When the phase, or the wait within it, began; behind an answer, when that had been written.
  TimeMs since_ = 0;
  TimeMs write_due_ = Deadlines::kNever;
  // Since when output waits, without having been empty, and how much of it has been taken.
  TimeMs write_since_ = Deadlines::kNever;
  int64_t taken_ = 0;
  // What is counted in Shared::unsent.
  int64_t unsent_ = 0;
  TimeMs alarm_ = Deadlines::kNever;
  // While input waits: when to look again whether the peer is still there.
  TimeMs probe_due_ = Deadlines::kNever;
  int64_t requests_ = 0;
  int64_t started_micros_ = 0;
  int64_t discarded_ = 0;
  int64_t max_body_ = 0;
  // Of the request; only where CORS is on.
  std::string origin_;

  Phase phase_ = Phase::kHandshake;
  bool pumping_ = false;
  bool ready_ = false;
  bool deadline_passed_ = false;

  bool readable_ = false;
  bool read_armed_ = false;
  bool write_blocked_ = false;
  bool write_armed_ = false;

  // About the current request.
  bool head_begun_ = false;
  bool head_only_ = false;
  bool http10_ = false;
  bool close_after_ = false;
  // Not all of its body has been read.
  bool body_open_ = false;
  bool continue_owed_ = false;
  bool wants_body_ = false;
  bool inflating_ = false;
  bool streaming_ = false;
  bool tell_written_ = false;
  bool gone_ = false;
  // While a handler works: there are bytes behind the request, or their end; nothing more is waited for.
  bool input_waits_ = false;
  bool exchange_open_ = false;
  bool ended_writing_ = false;
};

using ConnectionPtr = boost::intrusive_ptr<Connection>;

}  // namespace tokenbroker::http
