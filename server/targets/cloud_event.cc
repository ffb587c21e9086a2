#include "server/targets/cloud_event.h"

#include "base/percent.h"
#include "json/json_writer.h"
#include "json/time_text.h"

namespace tokenbroker::targets {
namespace {

using forward::Delivery;

// {"a":"b", ...
class Object {
 public:
  explicit Object(std::string& out) : out_(out) { out_ += '{'; }

  // The value is to be written next.
  void Name(std::string_view name) {
    if (!first_) out_ += ',';
    first_ = false;
    json::WriteString(name, out_);
    out_ += ':';
  }
  void Text(std::string_view name, std::string_view value) {
    Name(name);
    json::WriteString(value, out_);
  }
  void TextUnlessEmpty(std::string_view name, std::string_view value) {
    if (!value.empty()) Text(name, value);
  }
  void Time(std::string_view name, TimeMs time) {
    Name(name);
    out_ += '"';
    json::AppendTimestamp({time / 1000, static_cast<int32_t>(time % 1000) * 1'000'000}, out_);
    out_ += '"';
  }
  void End() { out_ += '}'; }

 private:
  std::string& out_;
  bool first_ = true;
};

std::string_view TypeOf(Delivery::Kind kind) {
  switch (kind) {
    case Delivery::Kind::kSucceeded:
      return "tokenbroker.v1.task.succeeded";
    case Delivery::Kind::kFailed:
      return "tokenbroker.v1.task.failed";
    case Delivery::Kind::kHeartbeatTimeout:
      return "tokenbroker.v1.task.heartbeat_timed_out";
    case Delivery::Kind::kTimeout:
      return "tokenbroker.v1.task.timed_out";
  }
  return "";
}

// A URI reference.
std::string SourceOf(std::string_view broker, std::string_view namespace_name) {
  std::string source(broker);
  source += "/namespaces/";
  source += PercentEncoded(namespace_name);
  return source;
}

void AppendLabels(const Delivery& delivery, std::string& out) {
  Object labels(out);
  for (const auto& [name, value] : delivery.labels) labels.Text(name, value);
  labels.End();
}

void AppendData(const Delivery& delivery, std::string& out) {
  Object data(out);
  data.Text("namespace", delivery.namespace_name);
  data.Text("taskId", delivery.task_id);
  data.TextUnlessEmpty("correlationKey", delivery.correlation_key);
  if (!delivery.labels.empty()) {
    data.Name("labels");
    AppendLabels(delivery, out);
  }
  if (delivery.kind == Delivery::Kind::kSucceeded) {
    data.Name("output");
    out += delivery.output.empty() ? "null" : delivery.output;
  }
  data.TextUnlessEmpty("error", delivery.error);
  data.TextUnlessEmpty("cause", delivery.cause);
  data.Time("issuedAt", delivery.issued_at);
  data.Time("endedAt", delivery.ended_at);
  data.TextUnlessEmpty("resolvedBy", delivery.resolved_by);
  data.End();
}

}  // namespace

std::string CloudEventOf(const Delivery& delivery, std::string_view source) {
  std::string out;
  Object event(out);
  event.Text("specversion", "1.0");
  event.Text("id", delivery.id);
  event.Text("source", SourceOf(source, delivery.namespace_name));
  event.Text("type", TypeOf(delivery.kind));
  event.Text("subject", delivery.task_id);
  event.Time("time", delivery.ended_at);
  event.Text("datacontenttype", "application/json");
  event.TextUnlessEmpty("traceparent", delivery.traceparent);
  if (!delivery.traceparent.empty()) event.TextUnlessEmpty("tracestate", delivery.tracestate);
  event.Name("data");
  AppendData(delivery, out);
  event.End();
  return out;
}

}  // namespace tokenbroker::targets
