#include "server/calls/cursor.h"

#include <cinttypes>
#include <cstdio>
#include <map>

namespace tokenbroker::calls {
namespace {

constexpr size_t kDigits = 16;

std::optional<uint64_t> ParseHex(std::string_view text) {
  uint64_t value = 0;
  for (char c : text) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) return std::nullopt;
    value = value << 4 | static_cast<uint64_t>(digit);
  }
  return value;
}

std::string Hex(uint64_t value) {
  char text[kDigits + 1];
  std::snprintf(text, sizeof text, "%016" PRIx64, value);
  return text;
}

// FNV-1a over texts, each with its end.
class Fingerprint {
 public:
  void Add(std::string_view text) {
    for (char c : text) AddByte(static_cast<uint8_t>(c));
    for (size_t size = text.size(), i = 0; i < sizeof size; ++i, size >>= 8) AddByte(static_cast<uint8_t>(size));
  }
  void Add(int64_t number) { Add(std::to_string(number)); }
  uint64_t value() const { return value_; }

 private:
  void AddByte(uint8_t byte) { value_ = (value_ ^ byte) * 0x100000001b3; }
  uint64_t value_ = 0xcbf29ce484222325;
};

}  // namespace

std::string FormatCursor(storage::Sequence after) { return "c" + Hex(after); }

std::optional<storage::Sequence> ParseCursor(std::string_view text) {
  if (text.size() != 1 + kDigits || text[0] != 'c') return std::nullopt;
  return ParseHex(text.substr(1));
}

std::string FormatPageToken(storage::Sequence from, uint64_t conditions) { return "p" + Hex(from) + Hex(conditions); }

std::optional<storage::Sequence> ParsePageToken(std::string_view text, uint64_t conditions) {
  if (text.size() != 1 + 2 * kDigits || text[0] != 'p') return std::nullopt;
  if (ParseHex(text.substr(1 + kDigits)) != conditions) return std::nullopt;
  return ParseHex(text.substr(1, kDigits));
}

uint64_t HashConditions(const tokenbroker::v1::ListTasksRequest& request) {
  const auto& filter = request.filter();
  Fingerprint print;
  print.Add(request.namespace_());
  for (int state : filter.states()) print.Add(state);
  print.Add("labels");
  for (const auto& [key, value] : std::map<std::string, std::string>(filter.labels().begin(), filter.labels().end())) {
    print.Add(key);
    print.Add(value);
  }
  print.Add(filter.correlation_key_prefix());
  print.Add(filter.target());
  for (const auto& age : {filter.min_age(), filter.max_age()}) {
    print.Add(age.seconds());
    print.Add(age.nanos());
  }
  return print.value();
}

uint64_t HashConditions(const tokenbroker::v1::ListDeliveriesRequest& request) {
  Fingerprint print;
  print.Add("deliveries");
  print.Add(request.namespace_());
  for (int state : request.states()) print.Add(state);
  print.Add(request.target());
  return print.value();
}

}  // namespace tokenbroker::calls
