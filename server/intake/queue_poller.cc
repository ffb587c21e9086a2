#include "server/intake/queue_poller.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/failpoint.h"
#include "server/telemetry/log.h"

namespace tokenbroker::intake {
namespace {

// So long SQS keeps a message hidden at most, since it was received.
constexpr DurationMs kLongestHidden = 12 * 3'600'000;

}  // namespace

using Result = Registration::Result;
using outbound::HttpResult;

// The messages of one answer, on their way.
struct QueuePoller::Hand {
  struct Bad {
    size_t place;
    std::string why;
  };

  std::vector<SqsMessage> messages;
  // What is asked of the broker, and for which message each stands.
  Registrar::Tasks tasks;
  std::vector<size_t> places;
  std::vector<Bad> bad;
  size_t buried = 0;
  // Of those that are done with.
  std::vector<std::string> done;
  // From then on others may receive them.
  TimeMs hidden_until = 0;
};

void QueuePoller::PollAfter(DurationMs wait) {
  parts_.surroundings.timers.After(wait, [this] { Poll(); });
}

void QueuePoller::Poll() {
  if (stopping_) return;
  if (const DurationMs wait = pace_.HoldBack(); wait > 0) return PollAfter(wait);
  pace_.Asked();
  parts_.sqs.Call("ReceiveMessage", ReceiveRequest(parts_.config.url, max_messages_, parts_.config.visibility_timeout),
                  [this](const outbound::aws::JsonAnswer& answer) { OnReceived(answer); });
}

void QueuePoller::OnReceived(const outbound::aws::JsonAnswer& answer) {
  if (closed_) return;
  std::optional<std::vector<SqsMessage>> messages;
  if (answer.ok()) messages = ReadReceived(answer.http.response.body);
  if (!messages.has_value()) {
    if (answer.http.failure == HttpResult::Failure::kTooLarge) max_messages_ = 1;
    return PollAfter(pace_.AfterFailure());
  }
  if (messages->empty()) {
    max_messages_ = kMaxMessages;
    return PollAfter(pace_.AfterNothing());
  }
  parts_.metrics.received.Increment(messages->size());
  Take(*std::move(messages));
}

void QueuePoller::Take(std::vector<SqsMessage> messages) {
  parts_.surroundings.hands.Begin();
  const auto hand = std::make_shared<Hand>();
  hand->hidden_until = parts_.surroundings.clock.Now() + parts_.config.visibility_timeout;
  for (size_t i = 0; i < messages.size(); ++i) {
    pb::IssueTaskRequest task;
    if (broker::Refusal refusal = parts_.mapping.Fill(messages[i].body, std::nullopt, task)) {
      parts_.metrics.bad.Increment();
      hand->bad.push_back({i, absl::StrCat("INVALID_FIELD: ", refusal.message)});
    } else {
      hand->places.push_back(i);
      hand->tasks.push_back(std::move(task));
    }
  }
  hand->messages = std::move(messages);
  hand->tasks.empty() ? Bury(hand) : Register(hand);
}

void QueuePoller::Register(const HandPtr& hand) {
  parts_.registrar.Register(
      std::move(hand->tasks),
      [this, hand](const std::vector<size_t>& places, DurationMs wait) { OnWait(*hand, places, wait); },
      [this, hand](const std::vector<Registration>& registrations) { OnRegistered(hand, registrations); });
}

void QueuePoller::OnWait(Hand& hand, const std::vector<size_t>& places, DurationMs wait) {
  const TimeMs now = parts_.surroundings.clock.Now();
  const DurationMs visibility = parts_.config.visibility_timeout;
  if (hand.hidden_until - (now + wait) >= visibility / 2) return;
  std::vector<std::string> handles;
  for (const size_t place : places) handles.push_back(hand.messages[hand.places[place]].receipt_handle);
  const DurationMs hidden = std::min(wait + visibility, kLongestHidden);
  Hide(handles, hidden);
  hand.hidden_until = now + hidden;
}

void QueuePoller::OnRegistered(const HandPtr& hand, const std::vector<Registration>& registrations) {
  TB_FAILPOINT("intake.stored");
  std::vector<std::string> returned;
  for (size_t i = 0; i < registrations.size(); ++i) {
    const size_t place = hand->places[i];
    const std::string& handle = hand->messages[place].receipt_handle;
    if (registrations[i].stored()) {
      hand->done.push_back(handle);
    } else if (registrations[i].result == Result::kBad) {
      hand->bad.push_back({place, registrations[i].why});
    } else {
      returned.push_back(handle);
    }
  }
  if (!returned.empty()) Hide(returned, 0);
  Bury(hand);
}

void QueuePoller::Bury(const HandPtr& hand) {
  if (hand->buried == hand->bad.size()) return Delete(hand);
  const Hand::Bad& bad = hand->bad[hand->buried++];
  const SqsMessage& message = hand->messages[bad.place];
  Log(Level::kWarning, "intake_message_bad",
      {{"intake", parts_.config.name}, {"message_id", message.id}, {"msg", bad.why}});
  if (parts_.config.dead_letter_url.empty()) return Bury(hand);
  parts_.sqs.Call("SendMessage", DeadLetterRequest(parts_.config.dead_letter_url, message, parts_.config.name, bad.why),
                  [this, hand, handle = message.receipt_handle](const outbound::aws::JsonAnswer& answer) {
                    if (closed_) return;
                    if (answer.ok()) hand->done.push_back(handle);
                    Bury(hand);
                  });
}

void QueuePoller::Delete(const HandPtr& hand) {
  if (hand->done.empty()) return Finish();
  parts_.sqs.Call("DeleteMessageBatch", DeleteRequest(parts_.config.url, hand->done),
                  [this](const outbound::aws::JsonAnswer& answer) {
                    if (closed_) return;
                    // What was not deleted comes again, and makes no second task.
                    if (answer.ok() && CountFailed(answer.http.response.body) > 0) {
                      parts_.metrics.failed_calls.Increment();
                    }
                    Finish();
                  });
}

void QueuePoller::Finish() {
  parts_.surroundings.hands.End();
  PollAfter(pace_.AfterWork());
}

void QueuePoller::Hide(const std::vector<std::string>& receipt_handles, DurationMs visibility) {
  parts_.sqs.Call("ChangeMessageVisibilityBatch", HideRequest(parts_.config.url, receipt_handles, visibility),
                  [](const outbound::aws::JsonAnswer&) {});
}

}  // namespace tokenbroker::intake
