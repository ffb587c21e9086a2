#include "server/http/nearest.h"

#include <algorithm>
#include <array>

namespace tokenbroker::http {
namespace {

constexpr size_t kSegments = 16;
constexpr size_t kLength = 32;
constexpr int kMissing = 16;

struct Segments {
  std::array<std::string_view, kSegments> text;
  size_t count = 0;
};

Segments Split(std::string_view path) {
  Segments segments;
  while (!path.empty() && segments.count < kSegments) {
    path.remove_prefix(1);
    const size_t end = std::min(path.find('/'), path.size());
    segments.text[segments.count++] = path.substr(0, std::min(end, kLength));
    path.remove_prefix(end);
  }
  return segments;
}

int Unlikeness(std::string_view a, std::string_view b) {
  if (a == b) return 0;
  const size_t shorter = std::min(a.size(), b.size());
  size_t same = 0;
  while (same < shorter && a[same] == b[same]) ++same;
  for (size_t i = 1; same < shorter && a[a.size() - i] == b[b.size() - i]; ++i) ++same;
  return 4 + static_cast<int>(16 * (std::max(a.size(), b.size()) - same) / std::max(a.size(), b.size()));
}

int SegmentDistance(std::string_view segment, std::string_view wanted) {
  if (wanted.empty() || wanted.front() != '{') return Unlikeness(segment, wanted);
  if (segment.empty()) return kMissing;
  const size_t colon = wanted.rfind(':');
  const size_t own = segment.rfind(':');
  if (colon == std::string_view::npos) return own == std::string_view::npos ? 0 : kMissing - 4;
  if (own == std::string_view::npos) return kMissing / 2;
  return Unlikeness(segment.substr(own), wanted.substr(colon));
}

}  // namespace

// The edit distance over segments, a row at a time.
int DistanceToTemplate(std::string_view path, std::string_view path_template) {
  const Segments own = Split(path);
  const Segments wanted = Split(path_template);
  std::array<int, kSegments + 1> row;
  for (size_t j = 0; j <= wanted.count; ++j) row[j] = static_cast<int>(j) * kMissing;
  for (size_t i = 1; i <= own.count; ++i) {
    int diagonal = row[0];
    row[0] = static_cast<int>(i) * kMissing;
    for (size_t j = 1; j <= wanted.count; ++j) {
      const int replaced = diagonal + SegmentDistance(own.text[i - 1], wanted.text[j - 1]);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + kMissing, row[j - 1] + kMissing});
    }
  }
  return row[wanted.count];
}

}  // namespace tokenbroker::http
