#include "json/time_text.h"

#include <charconv>
#include <chrono>
#include <cstdlib>

namespace tokenbroker::json {
namespace {

constexpr int64_t kSecondsOfDay = 86'400;
constexpr int64_t kEarliest = -62'135'596'800;  // 0001-01-01T00:00:00Z
constexpr int64_t kLatest = 253'402'300'799;    // 9999-12-31T23:59:59Z
constexpr int64_t kLongest = 315'576'000'000;
constexpr int32_t kNanosOfSecond = 1'000'000'000;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes text from the front; once something did not fit, nothing does.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool Take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void Expect(char c) { good_ = Take(c) && good_; }

  // Exactly so many digits.
  int Digits(size_t count) {
    int value = 0;
    for (size_t i = 0; i < count; ++i) {
      if (rest_.empty() || !IsDigit(rest_.front())) {
        good_ = false;
        return 0;
      }
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }

  // "123" of any length that fits.
  int64_t Number() {
    int64_t value = 0;
    if (rest_.empty() || !IsDigit(rest_.front())) good_ = false;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc()) good_ = false;
    rest_.remove_prefix(end - rest_.data());
    return value;
  }

  // Nothing, or ".5" with 1 to 9 digits.
  int32_t Nanos() {
    if (!Take('.')) return 0;
    int32_t nanos = 0;
    int digits = 0;
    for (; !rest_.empty() && IsDigit(rest_.front()) && digits < 9; ++digits) {
      nanos = nanos * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    if (digits == 0) good_ = false;
    for (; digits < 9; ++digits) nanos *= 10;
    return nanos;
  }

  bool AtGoodEnd() const { return good_ && rest_.empty(); }
  void Spoil() { good_ = false; }

 private:
  std::string_view rest_;
  bool good_ = true;
};

int64_t TakeDate(Reader& reader) {
  const int year = reader.Digits(4);
  reader.Expect('-');
  const unsigned month = reader.Digits(2);
  reader.Expect('-');
  const unsigned day = reader.Digits(2);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  if (!date.ok()) {
    reader.Spoil();
    return 0;
  }
  return std::chrono::sys_days(date).time_since_epoch().count();
}

int TakeTimeOfDay(Reader& reader) {
  const int hour = reader.Digits(2);
  reader.Expect(':');
  const int minute = reader.Digits(2);
  reader.Expect(':');
  const int second = reader.Digits(2);
  if (hour > 23 || minute > 59 || second > 59) reader.Spoil();
  return hour * 3600 + minute * 60 + second;
}

int TakeOffset(Reader& reader) {
  if (reader.Take('Z')) return 0;
  const bool west = reader.Take('-');
  if (!west) reader.Expect('+');
  const int hours = reader.Digits(2);
  reader.Expect(':');
  const int minutes = reader.Digits(2);
  if (hours > 23 || minutes > 59) reader.Spoil();
  return (west ? -1 : 1) * (hours * 3600 + minutes * 60);
}

void AppendDigits(int64_t value, int count, std::string& out) {
  char digits[20];
  for (int i = count; i > 0; value /= 10) digits[--i] = static_cast<char>('0' + value % 10);
  out.append(digits, count);
}

void AppendFraction(int32_t nanos, std::string& out) {
  if (nanos == 0) return;
  out.push_back('.');
  if (nanos % 1'000'000 == 0) return AppendDigits(nanos / 1'000'000, 3, out);
  if (nanos % 1'000 == 0) return AppendDigits(nanos / 1'000, 6, out);
  AppendDigits(nanos, 9, out);
}

}  // namespace

bool ParseTimestamp(std::string_view text, Moment& out) {
  Reader reader(text);
  const int64_t days = TakeDate(reader);
  reader.Expect('T');
  const int second = TakeTimeOfDay(reader);
  out.nanos = reader.Nanos();
  out.seconds = days * kSecondsOfDay + second - TakeOffset(reader);
  return reader.AtGoodEnd() && out.seconds >= kEarliest && out.seconds <= kLatest;
}

bool ParseDuration(std::string_view text, Moment& out) {
  Reader reader(text);
  const bool negative = reader.Take('-');
  out.seconds = reader.Number();
  out.nanos = reader.Nanos();
  reader.Expect('s');
  if (!reader.AtGoodEnd() || out.seconds > kLongest || (out.seconds == kLongest && out.nanos > 0)) return false;
  if (negative) out = {-out.seconds, -out.nanos};
  return true;
}

bool AppendTimestamp(const Moment& time, std::string& out) {
  if (time.seconds < kEarliest || time.seconds > kLatest || time.nanos < 0 || time.nanos >= kNanosOfSecond)
    return false;
  const std::chrono::sys_seconds at{std::chrono::seconds(time.seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const int64_t second = (at - day).count();
  AppendDigits(static_cast<int>(date.year()), 4, out);
  out.push_back('-');
  AppendDigits(static_cast<unsigned>(date.month()), 2, out);
  out.push_back('-');
  AppendDigits(static_cast<unsigned>(date.day()), 2, out);
  out.push_back('T');
  AppendDigits(second / 3600, 2, out);
  out.push_back(':');
  AppendDigits(second / 60 % 60, 2, out);
  out.push_back(':');
  AppendDigits(second % 60, 2, out);
  AppendFraction(time.nanos, out);
  out.push_back('Z');
  return true;
}

bool AppendDuration(const Moment& duration, std::string& out) {
  const bool negative = duration.seconds < 0 || duration.nanos < 0;
  const bool mixed = negative && (duration.seconds > 0 || duration.nanos > 0);
  if (mixed || duration.seconds > kLongest || duration.seconds < -kLongest || duration.nanos >= kNanosOfSecond ||
      duration.nanos <= -kNanosOfSecond) {
    return false;
  }
  if (negative) out.push_back('-');
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof(digits), std::abs(duration.seconds)).ptr;
  out.append(digits, end);
  AppendFraction(std::abs(duration.nanos), out);
  out.push_back('s');
  return true;
}

}  // namespace tokenbroker::json
