#include "tests/crash/failpoint_sites.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "absl/strings/str_cat.h"
#include "tests/testing/text_file.h"

namespace tokenbroker::testing {
namespace {

constexpr uint64_t kMaxBound = 2000;

void FindIn(const std::string& text, std::set<std::string>& names) {
  const std::string macro = "TB_FAILPOINT(\"";
  for (size_t at = text.find(macro); at != std::string::npos; at = text.find(macro, at + 1)) {
    const size_t begin = at + macro.size();
    names.insert(text.substr(begin, text.find('"', begin) - begin));
  }
}

}  // namespace

std::vector<std::string> FindFailpoints(const std::vector<std::string>& folders) {
  std::set<std::string> names;
  for (const std::string& folder : folders) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.path().extension() == ".cc") FindIn(ReadFileOr(entry.path().string(), ""), names);
    }
  }
  return {names.begin(), names.end()};
}

FailpointSites::FailpointSites(const std::vector<std::string>& names) {
  for (const std::string& name : names) sites_[name];
}

std::string FailpointSites::Pick(Random& random) {
  std::vector<std::string> names;
  for (const auto& [name, site] : sites_) names.push_back(name);
  std::shuffle(names.begin(), names.end(), random);
  // Those that fired least, but a site that cannot be reached yet must not take every turn.
  const auto rank = [this](const std::string& name) { return sites_[name].fired * 3 + sites_[name].picked; };
  last_ =
      *std::min_element(names.begin(), names.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  ++sites_[last_].picked;
  return absl::StrCat(last_, "=crash@", 1 + random() % sites_[last_].bound);
}

void FailpointSites::Note(bool fired) {
  Site& site = sites_[last_];
  if (fired) ++site.fired;
  site.bound = fired ? std::min<uint64_t>(kMaxBound, site.bound * 3) : std::max<uint64_t>(1, site.bound / 4);
}

std::string FailpointSites::Summary() const {
  std::string text;
  for (const auto& [name, site] : sites_) absl::StrAppend(&text, text.empty() ? "" : ", ", name, " ", site.fired);
  return text;
}

size_t FailpointSites::never_fired() const {
  return std::count_if(sites_.begin(), sites_.end(), [](const auto& entry) { return entry.second.fired == 0; });
}

}  // namespace tokenbroker::testing
