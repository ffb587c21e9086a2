#include "server/host/delivery_observer.h"

#include <algorithm>
#include <map>

namespace tokenbroker {

void DeliveryObserver::Tried(std::string_view target, const forward::Answer& answer) {
  metrics_.Of(target).attempts(answer.code).Increment();
  if (answer.kind != forward::Answer::Kind::kNeedsOperator) return;
  needs_operator_.Write(clock_.Now(), Level::kError, "delivery_needs_operator",
                        {{"target", target}, {"code", answer.code}, {"msg", answer.message}});
}

void DeliveryObserver::GivenUp(std::string_view target, std::string_view code, std::string_view message) {
  given_up_.Write(clock_.Now(), Level::kError, "dead_letter", {{"target", target}, {"code", code}, {"msg", message}});
}

void DeliveryObserver::BreakerMoved(std::string_view target, forward::Breaker::State state) {
  const bool down = state != forward::Breaker::State::kClosed;
  Gauge& gauge = metrics_.Of(target).target_down;
  // Probes come and go; what is worth a line is that the target went down, or came back.
  if ((gauge.Value() != 0) != down) {
    Log(down ? Level::kError : Level::kInfo, down ? "target_down" : "target_up", {{"target", target}});
  }
  gauge.Set(down);
}

void DeliveryObserver::BeatAnswered(std::string_view target, const forward::Answer& answer) {
  metrics_.Of(target).beats(answer.code).Increment();
  if (answer.kind != forward::Answer::Kind::kNeedsOperator) return;
  beats_refused_.Write(clock_.Now(), Level::kError, "upstream_beat_needs_operator",
                       {{"target", target}, {"code", answer.code}, {"msg", answer.message}});
}

void DeliveryObserver::BeatsMisplaced(std::string_view target, std::string_view task_id,
                                      forward::BeatPlanner::Warning warning) {
  const bool unheard = warning == forward::BeatPlanner::Warning::kNobodyListens;
  metrics_.Of(target).beat_warnings(unheard ? "nobody_listens" : "nobody_beats").Increment();
  misplaced_.Write(clock_.Now(), Level::kWarning, unheard ? "beats_nobody_listens" : "beats_nobody_beats",
                   {{"target", target},
                    {"task_id", task_id},
                    {"msg", unheard ? "the worker beats, but the task has no heartbeat timeout: no engine is told"
                                    : "half of the heartbeat timeout has passed without a beat"}});
}

void DeliveryObserver::Trouble(std::string_view event, const absl::Status& status) {
  trouble_.Write(clock_.Now(), Level::kError, event, {{"msg", status.message()}});
}

void ShowDeliveries(const broker::Broker& broker, const forward::Forwarder& forwarder, DeliveryMetrics& metrics) {
  const TimeMs now = broker.clock().Now();
  std::map<std::string, TimeMs> oldest;
  for (const forward::Forwarder::Status& status : forwarder.Statuses()) {
    TargetMetrics& target = metrics.Of(status.target);
    target.under_way.Set(status.under_way);
    target.retrying.Set(static_cast<int64_t>(status.retrying));
    oldest[status.target] = status.oldest;
  }
  for (const broker::Broker::TargetStatus& status : broker.TargetStatuses()) {
    TargetMetrics& target = metrics.Of(status.target);
    target.owed.Set(static_cast<int64_t>(status.owed));
    target.dead_letters.Set(static_cast<int64_t>(status.dead));
    const auto tried = oldest.find(status.target);
    const TimeMs since = std::min(status.oldest_waiting, tried == oldest.end() ? INT64_MAX : tried->second);
    target.oldest_owed_age_seconds.Set(since == INT64_MAX ? 0 : std::max<TimeMs>(now - since, 0) / 1000);
  }
}

void ShowBeats(const forward::Beater& beater, DeliveryMetrics& metrics) {
  for (const forward::Beater::Status& status : beater.Statuses()) {
    TargetMetrics& target = metrics.Of(status.target);
    target.beats_watched.Set(static_cast<int64_t>(status.watched));
    target.beats_due.Set(static_cast<int64_t>(status.due));
    target.beats_late.Set(static_cast<int64_t>(status.late));
  }
}

void ShowSubscribers(const forward::SubscriberTargets& targets, DeliveryMetrics& metrics) {
  for (const auto& [name, target] : targets) metrics.Of(name).subscribers().Set(target->subscribers());
}

}  // namespace tokenbroker
