#include "server/contract/parse.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/json.h"

namespace tokenbroker::contract {
namespace {

using rapidjson::Value;

constexpr std::string_view kInsteadOfNul = "\xEF\xBF\xBE";

std::string_view TextOf(const Value& text) { return {text.GetString(), text.GetStringLength()}; }

bool RepeatsName(const Value& object) {
  if (object.MemberCount() < 2) return false;
  std::vector<std::string_view> names;
  names.reserve(object.MemberCount());
  for (const auto& member : object.GetObject()) names.push_back(TextOf(member.name));
  std::sort(names.begin(), names.end());
  return std::adjacent_find(names.begin(), names.end()) != names.end();
}

class Readied {
 public:
  explicit Readied(rapidjson::Document& document) : allocator_(document.GetAllocator()) { Ready(document); }
  bool repeats_name() const { return repeats_name_; }

 private:
  void Ready(Value& value) {
    if (value.IsString()) return ReplaceNul(value);
    if (value.IsDouble()) return MakeInteger(value);
    if (value.IsArray()) {
      for (auto& item : value.GetArray()) Ready(item);
    } else if (value.IsObject()) {
      repeats_name_ = repeats_name_ || RepeatsName(value);
      for (auto& member : value.GetObject()) {
        ReplaceNul(member.name);
        Ready(member.value);
      }
    }
  }

  void ReplaceNul(Value& text) {
    if (TextOf(text).find('\0') == std::string_view::npos) return;
    std::string replaced;
    for (char c : TextOf(text)) {
      if (c == '\0') {
        replaced += kInsteadOfNul;
      } else {
        replaced += c;
      }
    }
    text.SetString(replaced.data(), static_cast<rapidjson::SizeType>(replaced.size()), allocator_);
  }

  static void MakeInteger(Value& number) {
    const double value = number.GetDouble();
    if (value != std::trunc(value)) return;
    if (value >= -0x1p63 && value < 0x1p63) {
      number.SetInt64(static_cast<int64_t>(value));
    } else if (value > 0 && value < 0x1p64) {
      number.SetUint64(static_cast<uint64_t>(value));
    }
  }

  rapidjson::Document::AllocatorType& allocator_;
  bool repeats_name_ = false;
};

}  // namespace

absl::Status ParseJson(std::string_view text, rapidjson::Document& document) {
  // First, for whatever walks the values goes as deep as they do.
  if (!CheckJson(text).ok()) {
    return absl::InvalidArgumentError(absl::StrCat("is not well-formed JSON, or nested deeper than ", kMaxJsonDepth));
  }
  document.Parse<rapidjson::kParseFullPrecisionFlag | rapidjson::kParseIterativeFlag |
                 rapidjson::kParseValidateEncodingFlag>(text.data(), text.size());
  if (document.GetParseError() == rapidjson::kParseErrorNumberTooBig) {
    return absl::InvalidArgumentError("has a number beyond the range of a double");
  }
  if (document.HasParseError()) return absl::InvalidArgumentError("is not well-formed JSON");
  if (Readied(document).repeats_name()) return absl::InvalidArgumentError("has a name twice in one object");
  return absl::OkStatus();
}

}  // namespace tokenbroker::contract
