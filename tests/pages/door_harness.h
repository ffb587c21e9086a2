// The callback door over a broker in memory, on one thread, with a clock that stands still; and the words to ask it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/calls/door.h"
#include "server/pages/callback_door.h"
#include "tests/testing/broker_harness.h"
#include "token/limited_token.h"
#include "token/limits.h"

namespace tokenbroker::pages {

using broker::Issued;
using broker::NewTask;

// Everything is at home everywhere.
class OneThread : public Home {
 public:
  bool Here() const override { return true; }
  void Post(Visit& visit) override {
    VisitList visits;
    visits.Push(visit);
    visits.ResumeAll();
  }
};

class DoorHarness {
 public:
  explicit DoorHarness(Options options = {}) : callbacks(door_, std::move(options)) {}

  Answer Send(Request request) {
    std::optional<Answer> got;
    callbacks.Handle(std::move(request), broker::Nobody(), home_, [&](Answer answer) { got = std::move(answer); });
    for (int i = 0; i < 10 && !got.has_value(); ++i) broker.Run();
    return got.value_or(Answer{});
  }

  // --- As a browser does ---

  Answer Visit(const std::string& token, Action action = Action::kPage) {
    Request request = Browser(token, action);
    return Send(std::move(request));
  }
  // Presses a button of the page, whose proof the form holds.
  Answer Press(const std::string& token, Action action, const std::string& fields = "");
  Request Browser(const std::string& token, Action action);

  // --- As a program does ---

  Answer Post(const std::string& token, Action action, const std::string& type = "", const std::string& body = "") {
    Request request;
    request.post = true;
    request.token = token;
    request.action = action;
    request.content_type = type;
    request.body = body;
    return Send(std::move(request));
  }
  Answer Look(const std::string& token) {
    Request request;
    request.token = token;
    request.accept = "application/json";
    return Send(std::move(request));
  }

  broker::BrokerHarness broker;

 private:
  MetricsRegistry registry_;
  BrokerMetrics metrics_{registry_};
  calls::Authenticator authenticator_{AuthConfig{}};
  calls::Door door_{broker.broker(), authenticator_, metrics_};
  OneThread home_;

 public:
  CallbackDoor callbacks;
};

inline std::string Limited(const Issued& task, const std::vector<std::string>& caveats) {
  return *token::Limit(task.token, caveats);
}

// The value of a header field; empty if it is not there.
std::string HeaderOf(const Answer& answer, std::string_view name);

}  // namespace tokenbroker::pages
