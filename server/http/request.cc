#include "server/http/request.h"

#include <algorithm>
#include <iterator>

namespace tokenbroker::http {
namespace {

constexpr std::string_view kNames[kMethods] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace

std::string_view NameOf(Method method) { return kNames[static_cast<int>(method)]; }

std::optional<Method> MethodOf(std::string_view name) {
  const auto found = std::find(std::begin(kNames), std::end(kNames), name);
  if (found == std::end(kNames)) return std::nullopt;
  return static_cast<Method>(found - std::begin(kNames));
}

bool SameName(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return Lower(x) == Lower(y); });
}

std::optional<std::string_view> Request::Find(std::string_view name) const {
  for (const Header& header : headers) {
    if (SameName(header.name, name)) return header.value;
  }
  return std::nullopt;
}

std::string_view Request::Variable(std::string_view name) const {
  for (const PathVariable& variable : variables) {
    if (variable.name == name) return variable.value;
  }
  return {};
}

}  // namespace tokenbroker::http
