#include "server/telemetry/delivery_metrics.h"

namespace tokenbroker {

TargetMetrics::TargetMetrics(MetricsRegistry& registry, std::string_view target)
    : owed(registry.AddGauge("tokenbroker_deliveries_owed", "Outcomes that their target does not have yet.",
                             {{"target", std::string(target)}})),
      under_way(registry.AddGauge("tokenbroker_deliveries_under_way", "Tries without an answer yet.",
                                  {{"target", std::string(target)}})),
      retrying(registry.AddGauge("tokenbroker_deliveries_retrying",
                                 "Outcomes that were tried and wait for the next time.",
                                 {{"target", std::string(target)}})),
      dead_letters(registry.AddGauge("tokenbroker_dead_letters", "Outcomes given up, which wait for a person.",
                                     {{"target", std::string(target)}})),
      oldest_owed_age_seconds(registry.AddGauge("tokenbroker_oldest_owed_age_seconds",
                                                "For how long the oldest has been owed; 0 if nothing is.",
                                                {{"target", std::string(target)}})),
      target_down(registry.AddGauge("tokenbroker_target_down",
                                    "1 while the circuit breaker keeps away from the target or probes it.",
                                    {{"target", std::string(target)}})),
      beats_watched(registry.AddGauge("tokenbroker_upstream_beats_watched",
                                      "Tasks that wait, with an upstream token for this target.",
                                      {{"target", std::string(target)}})),
      beats_due(registry.AddGauge("tokenbroker_upstream_beats_due", "Upstream heartbeats that wait for the quota.",
                                  {{"target", std::string(target)}})),
      beats_late(registry.AddGauge("tokenbroker_upstream_beats_late",
                                   "Of those that wait for the quota, whose engine's deadline has passed.",
                                   {{"target", std::string(target)}})),
      registry_(registry),
      target_(target) {}

Gauge& TargetMetrics::subscribers() {
  const std::lock_guard lock(mutex_);
  if (subscribers_ == nullptr) {
    subscribers_ =
        &registry_.AddGauge("tokenbroker_subscribers", "Engines whose streams are open.", {{"target", target_}});
  }
  return *subscribers_;
}

Counter& TargetMetrics::attempts(std::string_view code) {
  return Labelled(attempts_, "tokenbroker_delivery_attempts_total", "Tries that ended, by the target's answer.", "code",
                  code);
}

Counter& TargetMetrics::settled(std::string_view state) {
  return Labelled(settled_, "tokenbroker_deliveries_settled_total", "Deliveries by what became of them.", "state",
                  state);
}

Counter& TargetMetrics::beats(std::string_view code) {
  return Labelled(beats_, "tokenbroker_upstream_beats_total", "Upstream heartbeats by the target's answer.", "code",
                  code);
}

Counter& TargetMetrics::beat_warnings(std::string_view kind) {
  return Labelled(warnings_, "tokenbroker_upstream_beat_warnings_total",
                  "Tasks whose worker beats where nobody listens, or does not where somebody does.", "kind", kind);
}

Counter& TargetMetrics::Labelled(std::map<std::string, Counter*, std::less<>>& counters, const char* name,
                                 const char* help, const char* label, std::string_view value) {
  const std::lock_guard lock(mutex_);
  auto found = counters.find(value);
  if (found == counters.end() && counters.size() >= kMaxCodes) value = "other";
  if (found == counters.end()) found = counters.find(value);
  if (found != counters.end()) return *found->second;
  Counter& counter = registry_.AddCounter(name, help, {{"target", target_}, {label, std::string(value)}});
  counters.emplace(value, &counter);
  return counter;
}

TargetMetrics& DeliveryMetrics::Of(std::string_view target) {
  const std::lock_guard lock(mutex_);
  auto found = targets_.find(target);
  if (found == targets_.end()) {
    found = targets_.emplace(target, std::make_unique<TargetMetrics>(registry_, target)).first;
  }
  return *found->second;
}

}  // namespace tokenbroker
