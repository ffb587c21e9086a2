#include "server/pages/accept.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace tokenbroker::pages {
namespace {

struct Taste {
  double quality = 0;
  // 0: not named; 1: */*; 2: type/*; 3: the type itself.
  int exact = 0;
};

double QualityOf(absl::string_view parameters) {
  for (absl::string_view parameter : absl::StrSplit(parameters, ';')) {
    parameter = absl::StripAsciiWhitespace(parameter);
    double quality = 1;
    if (absl::StartsWithIgnoreCase(parameter, "q=") && absl::SimpleAtod(parameter.substr(2), &quality)) return quality;
  }
  return 1;
}

int Exactness(absl::string_view range, absl::string_view type) {
  if (absl::EqualsIgnoreCase(range, type)) return 3;
  if (range == "*/*") return 1;
  const absl::string_view family = type.substr(0, type.find('/') + 1);
  return absl::EndsWith(range, "/*") && absl::EqualsIgnoreCase(range.substr(0, range.size() - 1), family) ? 2 : 0;
}

Taste TasteOf(absl::string_view accept, absl::string_view type) {
  Taste taste;
  for (const absl::string_view item : absl::StrSplit(accept, ',')) {
    const size_t end = std::min(item.find(';'), item.size());
    const int exact = Exactness(absl::StripAsciiWhitespace(item.substr(0, end)), type);
    if (exact > taste.exact) taste = {QualityOf(item.substr(end)), exact};
  }
  return taste;
}

}  // namespace

bool WantsPage(std::string_view accept, bool post) {
  const absl::string_view text(accept.data(), accept.size());
  const Taste page = TasteOf(text, "text/html");
  const Taste json = TasteOf(text, "application/json");
  if (page.quality != json.quality) return page.quality > json.quality;
  if (page.exact != json.exact) return page.exact > json.exact;
  return !post;
}

}  // namespace tokenbroker::pages
