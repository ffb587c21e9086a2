// One request and its answer, in the hands of a handler.
//
//   void Look(ExchangePtr exchange) {                       // answers at once
//     exchange->Answer({.content_type = "application/json", .body = Json(exchange->request().Variable("id"))});
//   }
//
//   struct Wait : Listener { ExchangePtr exchange; void OnGone() override { ...no longer wait... } };
//   void Await(ExchangePtr exchange) {                      // answers later, from any thread
//     auto wait = std::make_shared<Wait>();
//     exchange->Listen(wait);
//     wait->exchange = std::move(exchange);
//   }
//
//   exchange->Stream({.content_type = "text/event-stream"}); // answers in pieces
//   exchange->Write("data: 1\n\n");                          // ... and when OnWritten comes, the next
//   exchange->End();
//
// Answer, Refuse, Stream, Write, End, ReadBody and WakeAfter may be called on any thread, one at a time; from another
// than the connection's, many calls cost that thread one wake-up. The rest belongs to the connection's thread. The
// handle must not outlive the listener's wish to answer: dropping it unanswered answers 500, dropping a stream before
// End cuts it off.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "server/http/home.h"
#include "server/http/request.h"
#include "server/http/response.h"

namespace tokenbroker::http {

class ExchangeCore;
struct Route;

// Is told on the connection's thread what happens to an exchange. Kept until the exchange is over.
class Listener {
 public:
  virtual ~Listener() = default;
  // A piece of a streamed body, after ReadBody; `last` with the last one, which may be empty.
  virtual void OnBody(std::string_view bytes, bool last) {}
  // Everything that was written has been handed to the machine: time to write more.
  virtual void OnWritten() {}
  // WakeAfter's time has come.
  virtual void OnAlarm() {}
  // The peer has left, broke its request off, or was too slow: nobody will see an answer. (A peer that only says it
  // will send nothing more counts as having left. It still gets its answer if there is one.) Nothing comes after this.
  virtual void OnGone() {}
};

class Exchange {
 public:
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // Until the handler returns.
  const Request& request() const;
  // For a gathered body that is needed for longer: copies it at most once.
  std::string TakeBody();

  // As long as this handle.
  std::string_view request_id() const;
  const Peer& peer() const;
  const Route& route() const;
  Home& home() const;

  void Answer(Response response);
  // In the form of the route's door.
  void Refuse(const Failure& failure);

  // The head of a streamed answer; its body is the first piece.
  void Stream(Response head);
  // A piece of any size. May be called again before OnWritten while no more than Limits::stream_backlog_bytes wait;
  // beyond it the connection ends.
  void Write(std::string_view bytes);
  void End();

  // Before the handler returns.
  void Listen(std::shared_ptr<Listener> listener);
  // Asks for the next piece of a streamed body. No more than that is read before.
  void ReadBody();
  // Once; a later call replaces an earlier one, 0 takes it back.
  void WakeAfter(DurationMs time);

 private:
  friend class ExchangeCore;
  Exchange() = default;
  ~Exchange() = default;
  ExchangeCore& core();
  const ExchangeCore& core() const;
};

struct DropExchange {
  void operator()(Exchange* exchange) const;
};
using ExchangePtr = std::unique_ptr<Exchange, DropExchange>;

}  // namespace tokenbroker::http
