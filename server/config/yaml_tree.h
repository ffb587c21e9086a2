// A YAML document as a plain tree that knows where each part stands.
//
// The part of YAML that configuration files use: one document of maps, lists and scalars. Anchors, aliases, tags,
// repeated keys, keys that are not scalars, deep nesting and huge files are refused.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tokenbroker {

inline constexpr size_t kMaxYamlBytes = 4 << 20;
inline constexpr size_t kMaxYamlDepth = 16;

struct YamlMember;

struct YamlNode {
  enum class Kind { kNull, kScalar, kList, kMap };

  Kind kind = Kind::kNull;
  std::string scalar;
  std::vector<YamlNode> items;
  // In the order of the document.
  std::vector<YamlMember> members;
  // From 1; where the node starts.
  int line = 1;
  int column = 1;

  // "3:11".
  std::string Place() const;
};

struct YamlMember {
  std::string key;
  YamlNode value;
};

// An empty document is kNull. INVALID_ARGUMENT: "serve.yaml:3:11: what is wrong".
absl::StatusOr<YamlNode> ParseYaml(std::string_view text, std::string_view source);

}  // namespace tokenbroker
