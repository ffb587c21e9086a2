// The server's side of an Exchange. What handlers say on whatever thread gathers as Mail; the connection takes it on
// its own.
#pragma once

#include <array>
#include <atomic>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <memory>
#include <mutex>
#include <string>

#include "server/http/exchange.h"
#include "server/http/inbox.h"

namespace tokenbroker::http {

class Connection;
class Lane;

// Everything that was said since the connection last looked, in any order that makes sense: a response comes before
// bytes, bytes before the end.
struct Mail {
  bool has_response = false;
  bool streams = false;
  bool ends = false;
  bool reads = false;
  bool cut_off = false;
  bool sets_alarm = false;
  DurationMs alarm = 0;
  Response response;
  std::string bytes;
  // How many of them are of the last Write.
  size_t last_piece = 0;
};

class ExchangeCore final : public Exchange, public InboxItem {
 public:
  // Longer ones are not echoed but replaced.
  static constexpr size_t kMaxRequestId = 64;

  ExchangeCore(std::shared_ptr<Lane> lane, std::shared_ptr<const Peer> peer);
  ~ExchangeCore() override;

  // The connection's side, on its thread.

  // For the next request; nobody else may hold this.
  void Begin(Connection& connection, const Route* route, const ErrorForm* form);
  void SetRequestId(std::string_view id);
  // The bytes that the request views are about to end.
  void SetRequest(const Request* request, std::string* body);
  // A handle for the handler.
  ExchangePtr Handle();
  // False if there is nothing new.
  bool Take(Mail& mail);
  // No more mail is read, nobody is told any more.
  void Finish();
  // Nobody but the connection has it.
  bool IsUnshared() const { return references_.load(std::memory_order_acquire) == 1; }

  Listener* listener() const { return listener_.get(); }
  // For one call: the exchange may be over when it returns.
  std::shared_ptr<Listener> ShareListener() const { return listener_; }
  const ErrorForm& error_form() const { return *form_; }
  const Route* found_route() const { return route_; }
  std::string_view id() const { return {request_id_.data(), request_id_size_}; }

  void Deliver() override;
  void Discard() override;

  friend void intrusive_ptr_add_ref(ExchangeCore* core) { core->references_.fetch_add(1, std::memory_order_relaxed); }
  friend void intrusive_ptr_release(ExchangeCore* core) {
    if (core->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete core;
  }

 private:
  friend class Exchange;
  friend struct DropExchange;

  // Changes the mail under the lock, and sees to it that the connection looks.
  template <typename Change>
  void Post(Change change);
  // The handle is gone.
  void Drop();

  const std::shared_ptr<Lane> lane_;
  const std::shared_ptr<const Peer> peer_;
  std::atomic<int> references_{0};

  // The connection's thread. nullptr when the exchange is over.
  Connection* connection_ = nullptr;
  std::shared_ptr<Listener> listener_;
  const Request* request_ = nullptr;
  std::string* body_ = nullptr;
  const Route* route_ = nullptr;
  const ErrorForm* form_ = nullptr;
  std::array<char, kMaxRequestId> request_id_;
  uint8_t request_id_size_ = 0;

  // Guards the rest. Held for a few instructions.
  std::mutex mutex_;
  Mail mail_;
  // There is mail.
  bool posted_ = false;
  // It is in the lane's inbox.
  bool queued_ = false;
  bool answered_ = false;
  bool ended_ = false;
};

using ExchangeCorePtr = boost::intrusive_ptr<ExchangeCore>;

}  // namespace tokenbroker::http
