#include "json/names.h"

#include <algorithm>
#include <vector>

#include "json/fault.h"

namespace tokenbroker::json {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// Names further away than this are no slips of the pen.
constexpr size_t kFurthest = 3;
// Longer names are not compared: the table would be theirs to size.
constexpr size_t kLongestCompared = 64;

const FieldDescriptor* NearestField(const Descriptor& message, std::string_view name) {
  const FieldDescriptor* nearest = nullptr;
  size_t least = std::min(kFurthest, name.size() / 2) + 1;
  for (int i = 0; i < message.field_count() && name.size() <= kLongestCompared; ++i) {
    const FieldDescriptor* const field = message.field(i);
    const size_t distance = std::min(EditDistance(name, field->json_name()), EditDistance(name, field->name()));
    if (distance < least) {
      least = distance;
      nearest = field;
    }
  }
  return nearest;
}

std::string AllNames(const Descriptor& message) {
  std::string names;
  for (int i = 0; i < message.field_count(); ++i) {
    names += Concat({names.empty() ? "" : ", ", message.field(i)->json_name()});
  }
  return names;
}

}  // namespace

// By comparison with each: messages are small, and a table would have to be locked.
const FieldDescriptor* FindField(const Descriptor& message, std::string_view name) {
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor* const field = message.field(i);
    if (name == field->json_name() || name == field->name()) return field;
  }
  return nullptr;
}

std::string UnknownField(const Descriptor& message, std::string_view name) {
  const std::string unknown = Concat({"is not a field of ", message.name()});
  if (message.field_count() == 0) return unknown + ", which has none";
  const FieldDescriptor* const nearest = NearestField(message, name);
  if (nearest == nullptr) return Concat({unknown, ", which has ", AllNames(message)});
  return Concat({unknown, "; did you mean \"", nearest->json_name(), "\"?"});
}

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1])});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

}  // namespace tokenbroker::json
