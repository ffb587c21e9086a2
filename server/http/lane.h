// One thread of a server, and everything that belongs to it alone: connections, their deadlines, spare buffers.
// Connections never change lanes.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "server/http/connection.h"
#include "server/http/deadlines.h"
#include "server/http/home.h"
#include "server/http/inbox.h"
#include "server/http/observer.h"
#include "server/http/options.h"
#include "server/http/router.h"
#include "server/http/workspace.h"

namespace tokenbroker::http {

// What all lanes of a server share.
struct Shared {
  ServerOptions options;
  Router router;
  const Clock* clock = nullptr;
  Observer* observer = nullptr;
  std::atomic<int> connections{0};
  // Bytes of bodies that are being gathered.
  std::atomic<int64_t> gathered{0};
  // Memory of output that its peers have not taken yet.
  std::atomic<int64_t> unsent{0};
};

class Lane final : public Home {
 public:
  explicit Lane(std::shared_ptr<Shared> shared);
  ~Lane() override;

  // Any thread.

  void Start();
  // Ends the thread, and with it all connections; what is in the inbox is discarded.
  void Stop();
  void Run(std::function<void()> job) override;
  bool Here() const override;
  void Post(Visit& visit) override;
  void Add(InboxItem& item);

  // This lane's thread.

  boost::asio::io_context& context() { return context_; }
  Shared& shared() { return *shared_; }
  const Limits& limits() const { return shared_->options.limits; }
  TimeMs Now() const { return shared_->clock->Now(); }
  Deadlines& deadlines() { return deadlines_; }
  std::weak_ptr<Lane> self() const { return self_; }
  void SetSelf(const std::shared_ptr<Lane>& self) { self_ = self; }

  void Adopt(const ConnectionPtr& connection);
  void Release(Connection& connection);
  void SetIdle(Connection& connection, bool idle);
  // Closes the connection that has been idle for longest. False if none is.
  bool Evict();

  // Lets the connection do what it can: now, or when the one that is being served is done.
  void Serve(Connection& connection);
  // Behind what else has come meanwhile.
  void ServeLater(Connection& connection);
  // Serves everybody whose deadline has passed.
  void FireDeadlines();

  // From now on answers close; idle connections close now.
  void Drain();
  bool draining() const { return draining_; }
  void AbortAll();

  std::unique_ptr<Workspace> TakeWorkspace();
  void GiveBack(std::unique_ptr<Workspace> workspace);
  std::string TakeString();
  void GiveBack(std::string text);

  // "Date: ...\r\nServer: tokenbroker\r\n"
  std::string_view CommonHeaders();
  void MakeRequestId(std::string& id);

 private:
  void DeliverInbox();
  void ResumeVisits();
  void ServeReady();
  void ArmTimer();

  const std::shared_ptr<Shared> shared_;
  std::weak_ptr<Lane> self_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::steady_timer timer_;
  TimeMs timer_due_ = Deadlines::kNever;
  Inbox inbox_;
  VisitList visits_;
  Deadlines deadlines_;
  std::thread thread_;

  using AllHook = boost::intrusive::member_hook<Connection, Connection::Hook, &Connection::all_hook>;
  using IdleHook = boost::intrusive::member_hook<Connection, Connection::Hook, &Connection::idle_hook>;
  boost::intrusive::list<Connection, AllHook> all_;
  // Longest idle first.
  boost::intrusive::list<Connection, IdleHook> idle_;
  std::vector<ConnectionPtr> ready_;
  bool serving_ = false;
  bool draining_ = false;

  std::vector<std::unique_ptr<Workspace>> workspaces_;
  std::vector<std::string> strings_;
  std::string common_headers_;
  int64_t common_headers_at_ = 0;
  uint64_t next_request_id_;
};

}  // namespace tokenbroker::http
