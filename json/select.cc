#include "json/select.h"

#include <string>
#include <variant>

#include "json/cursor.h"

namespace tokenbroker::json {
namespace {

std::string_view TakeValue(Cursor& cursor, std::string_view text) {
  cursor.Next();
  const size_t begin = cursor.offset();
  cursor.Skip();
  return text.substr(begin, cursor.offset() - begin);
}

bool IsName(std::string_view raw, const std::string& name) {
  return IsEscaped(raw) ? Unescape(raw) == name : raw == name;
}

std::optional<std::string_view> Member(std::string_view object, const std::string& name) {
  Cursor cursor(object);
  if (cursor.Next() != Kind::kObject) return std::nullopt;
  std::optional<std::string_view> found;
  for (bool more = cursor.Enter(); more; more = cursor.More()) {
    const bool wanted = IsName(cursor.TakeName(), name);
    const std::string_view value = TakeValue(cursor, object);
    if (wanted) found = value;
  }
  return found;
}

std::optional<std::string_view> Item(std::string_view array, size_t place) {
  Cursor cursor(array);
  if (cursor.Next() != Kind::kArray) return std::nullopt;
  for (bool more = cursor.Enter(); more; more = cursor.More()) {
    const std::string_view value = TakeValue(cursor, array);
    if (place-- == 0) return value;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> Select(std::string_view checked, const JsonPath& path) {
  Cursor cursor(checked);
  std::optional<std::string_view> value = TakeValue(cursor, checked);
  for (const JsonPath::Step& step : path.steps) {
    const std::string* name = std::get_if<std::string>(&step);
    value = name == nullptr ? Item(*value, std::get<size_t>(step)) : Member(*value, *name);
    if (!value.has_value()) return std::nullopt;
  }
  return value;
}

}  // namespace tokenbroker::json
