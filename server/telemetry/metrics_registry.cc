// The registry and the text forms. The two forms differ in the name of a counter's family, in the spelling of whole
// numbers, and in the mark at the end.
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <type_traits>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/telemetry/metrics.h"

namespace tokenbroker {

struct MetricsRegistry::Instrument {
  Labels labels;
  std::variant<std::unique_ptr<Counter>, std::unique_ptr<Gauge>, std::unique_ptr<CallbackGauge>,
               std::unique_ptr<Histogram>>
      value;
};

struct MetricsRegistry::Family {
  std::string name;
  std::string help;
  std::vector<Instrument> instruments;
};

namespace {

[[noreturn]] void Misuse(std::string_view name, const char* what) {
  fprintf(stderr, "metric %.*s: %s\n", static_cast<int>(name.size()), name.data(), what);
  abort();
}

bool IsName(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  for (const char c : name) {
    if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_') return false;
  }
  return true;
}

bool SameLabelNames(const Labels& a, const Labels& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].first != b[i].first) return false;
  }
  return true;
}

void AppendEscaped(std::string_view text, bool quotes, std::string& out) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || (quotes && c == '"')) out += '\\';
    out += c;
  }
}

std::string NumberText(double number, Exposition exposition) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "+Inf" : "-Inf";
  char text[32];
  std::string result(text, std::to_chars(text, text + sizeof(text), number).ptr);
  // OpenMetrics tells apart a bound of "1" and one of "1.0" and wants the latter.
  if (exposition == Exposition::kOpenMetrics && result.find_first_of(".e") == std::string::npos) result += ".0";
  return result;
}

class Writer {
 public:
  Writer(Exposition exposition, std::string& out) : exposition_(exposition), out_(out) {}

  void Head(std::string_view name, std::string_view help, std::string_view type) {
    std::string_view family = name;
    if (exposition_ == Exposition::kOpenMetrics && type == "counter")
      family.remove_suffix(std::string_view("_total").size());
    out_.append("# HELP ").append(family).append(" ");
    AppendEscaped(help, exposition_ == Exposition::kOpenMetrics, out_);
    out_.append("\n# TYPE ").append(family).append(" ").append(type).append("\n");
  }

  void Samples(std::string_view name, const Labels& labels, const Counter& counter) {
    Sample(name, labels, "", std::to_string(counter.Value()));
  }
  void Samples(std::string_view name, const Labels& labels, const Gauge& gauge) {
    Sample(name, labels, "", std::to_string(gauge.Value()));
  }
  void Samples(std::string_view name, const Labels& labels, const CallbackGauge& gauge) {
    double value;
    if (gauge.Read(&value)) Sample(name, labels, "", NumberText(value, Exposition::kPrometheus));
  }
  void Samples(std::string_view name, const Labels& labels, const Histogram& histogram) {
    const Histogram::Snapshot snapshot = histogram.Read();
    const std::string bucket = absl::StrCat(absl::string_view(name.data(), name.size()), "_bucket");
    uint64_t cumulative = 0;
    for (size_t i = 0; i < snapshot.counts.size(); ++i) {
      const double bound = i < histogram.bounds().size() ? histogram.bounds()[i] : INFINITY;
      cumulative += snapshot.counts[i];
      Sample(bucket, labels, NumberText(bound, exposition_), std::to_string(cumulative));
    }
    Sample(std::string(name) + "_sum", labels, "", NumberText(snapshot.sum, Exposition::kPrometheus));
    Sample(std::string(name) + "_count", labels, "", std::to_string(snapshot.count));
  }

 private:
  void Sample(std::string_view name, const Labels& labels, std::string_view bound, std::string_view value) {
    out_ += name;
    char separator = '{';
    for (const auto& [label, text] : labels) {
      out_.append(1, separator).append(label).append("=\"");
      AppendEscaped(text, true, out_);
      out_ += '"';
      separator = ',';
    }
    if (!bound.empty()) {
      out_.append(1, separator).append("le=\"").append(bound).append("\"");
      separator = ',';
    }
    if (separator == ',') out_ += '}';
    out_.append(" ").append(value).append("\n");
  }

  const Exposition exposition_;
  std::string& out_;
};

std::string_view TypeName(const Counter&) { return "counter"; }
std::string_view TypeName(const Gauge&) { return "gauge"; }
std::string_view TypeName(const CallbackGauge&) { return "gauge"; }
std::string_view TypeName(const Histogram&) { return "histogram"; }

}  // namespace

MetricsRegistry::MetricsRegistry() = default;
MetricsRegistry::~MetricsRegistry() = default;

template <typename T, typename... Args>
T& MetricsRegistry::Add(std::string_view name, std::string_view help, Labels labels, Args&&... args) {
  if (!IsName(name)) Misuse(name, "not a name");
  if (std::is_same_v<T, Counter> != absl::EndsWith(absl::string_view(name.data(), name.size()), "_total")) {
    Misuse(name, "counters, and only they, end in _total");
  }
  const std::lock_guard lock(mutex_);
  Family* family = nullptr;
  for (const auto& known : families_) {
    if (known->name == name) family = known.get();
  }
  if (family == nullptr) {
    families_.push_back(std::make_unique<Family>(Family{std::string(name), std::string(help), {}}));
    family = families_.back().get();
  }
  for (const Instrument& other : family->instruments) {
    if (!std::holds_alternative<std::unique_ptr<T>>(other.value)) Misuse(name, "one family, two kinds");
    if (!SameLabelNames(other.labels, labels)) Misuse(name, "one family, different label names");
    if (other.labels == labels) Misuse(name, "made twice with the same labels");
  }
  auto owned = std::make_unique<T>(std::forward<Args>(args)...);
  T& instrument = *owned;
  family->instruments.push_back({std::move(labels), std::move(owned)});
  return instrument;
}

Counter& MetricsRegistry::AddCounter(std::string_view name, std::string_view help, Labels labels) {
  return Add<Counter>(name, help, std::move(labels));
}

Gauge& MetricsRegistry::AddGauge(std::string_view name, std::string_view help, Labels labels) {
  return Add<Gauge>(name, help, std::move(labels));
}

CallbackGauge& MetricsRegistry::AddCallbackGauge(std::string_view name, std::string_view help, Labels labels) {
  return Add<CallbackGauge>(name, help, std::move(labels));
}

Histogram& MetricsRegistry::AddHistogram(std::string_view name, std::string_view help, absl::Span<const double> bounds,
                                         Labels labels) {
  return Add<Histogram>(name, help, std::move(labels), bounds);
}

std::string MetricsRegistry::Render(Exposition exposition) const {
  std::string out;
  Writer writer(exposition, out);
  const std::lock_guard lock(mutex_);
  for (const auto& family : families_) {
    bool first = true;
    for (const Instrument& instrument : family->instruments) {
      std::visit(
          [&](const auto& value) {
            if (first) writer.Head(family->name, family->help, TypeName(*value));
            writer.Samples(family->name, instrument.labels, *value);
          },
          instrument.value);
      first = false;
    }
  }
  if (exposition == Exposition::kOpenMetrics) out += "# EOF\n";
  return out;
}

Exposition ExpositionFor(std::string_view accept) {
  return accept.find("application/openmetrics-text") != std::string_view::npos ? Exposition::kOpenMetrics
                                                                               : Exposition::kPrometheus;
}

std::string_view ContentType(Exposition exposition) {
  return exposition == Exposition::kOpenMetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                                : "text/plain; version=0.0.4; charset=utf-8";
}

}  // namespace tokenbroker
