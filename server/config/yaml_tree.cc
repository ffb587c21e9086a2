// Built from yaml-cpp's events instead of its nodes: events carry the place of each part, aliases can be refused before
// they multiply, and no tree of somebody else's limits what depth we accept.
#include "server/config/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <sstream>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/text.h"

namespace tokenbroker {
namespace {

// Leaves yaml-cpp, which knows no other way out of an event, and goes no further than ParseYaml.
struct Refusal {
  int line;
  int column;
  std::string what;
};

class TreeBuilder : public YAML::EventHandler {
 public:
  YamlNode TakeRoot() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Begin(mark, "", anchor, YamlNode::Kind::kNull);
    End();
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { Refuse(mark, "aliases are not supported"); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (ExpectsKey()) return TakeKey(mark, value);
    Begin(mark, tag, anchor, YamlNode::Kind::kScalar).scalar = value;
    End();
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Begin(mark, tag, anchor, YamlNode::Kind::kList);
  }
  void OnSequenceEnd() override { End(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Begin(mark, tag, anchor, YamlNode::Kind::kMap);
  }
  void OnMapEnd() override { End(); }

 private:
  struct Level {
    YamlNode node;
    // Of a map: a key was read, its value comes next.
    bool has_key = false;
    std::string key;
  };

  [[noreturn]] static void Refuse(const YAML::Mark& mark, std::string what) {
    throw Refusal{mark.line + 1, mark.column + 1, std::move(what)};
  }

  bool ExpectsKey() const {
    return !levels_.empty() && levels_.back().node.kind == YamlNode::Kind::kMap && !levels_.back().has_key;
  }

  void TakeKey(const YAML::Mark& mark, const std::string& key) {
    Level& level = levels_.back();
    for (const auto& [known, value] : level.node.members) {
      if (known == key) Refuse(mark, absl::StrCat("'", key, "' is there twice"));
    }
    level.key = key;
    level.has_key = true;
  }

  YamlNode& Begin(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YamlNode::Kind kind) {
    if (ExpectsKey()) Refuse(mark, "a key must be a plain word");
    if (anchor != 0) Refuse(mark, "anchors are not supported");
    // "?" and "!" are what yaml-cpp calls a plain and a quoted scalar without a tag.
    if (!tag.empty() && tag != "?" && tag != "!") Refuse(mark, "tags are not supported");
    if (levels_.size() >= kMaxYamlDepth) Refuse(mark, absl::StrCat("nested deeper than ", kMaxYamlDepth, " levels"));
    Level& level = levels_.emplace_back();
    level.node.kind = kind;
    level.node.line = mark.line + 1;
    level.node.column = mark.column + 1;
    return level.node;
  }

  void End() {
    YamlNode node = std::move(levels_.back().node);
    levels_.pop_back();
    if (levels_.empty()) {
      root_ = std::move(node);
      return;
    }
    Level& parent = levels_.back();
    if (parent.node.kind == YamlNode::Kind::kList) {
      parent.node.items.push_back(std::move(node));
      return;
    }
    parent.node.members.push_back({std::move(parent.key), std::move(node)});
    parent.has_key = false;
  }

  std::vector<Level> levels_;
  YamlNode root_;
};

absl::Status ErrorAt(std::string_view source, int line, int column, const std::string& what) {
  return absl::InvalidArgumentError(
      absl::StrCat(absl::string_view(source.data(), source.size()), ":", line, ":", column, ": ", what));
}

YamlNode ParseOneDocument(std::string_view text) {
  std::istringstream stream{std::string(text)};
  YAML::Parser parser(stream);
  TreeBuilder first;
  parser.HandleNextDocument(first);
  TreeBuilder second;
  if (parser.HandleNextDocument(second)) throw Refusal{1, 1, "more than one document"};
  return first.TakeRoot();
}

}  // namespace

std::string YamlNode::Place() const { return absl::StrCat(line, ":", column); }

absl::StatusOr<YamlNode> ParseYaml(std::string_view text, std::string_view source) {
  if (text.size() > kMaxYamlBytes) return ErrorAt(source, 1, 1, absl::StrCat("larger than ", kMaxYamlBytes, " bytes"));
  if (!IsValidUtf8(text)) return ErrorAt(source, 1, 1, "not valid UTF-8");
  try {
    return ParseOneDocument(text);
  } catch (const Refusal& refusal) {
    return ErrorAt(source, refusal.line, refusal.column, refusal.what);
  } catch (const YAML::Exception& error) {
    return ErrorAt(source, error.mark.line + 1, error.mark.column + 1, error.msg);
  } catch (const std::exception& error) {
    return ErrorAt(source, 1, 1, error.what());
  }
}

}  // namespace tokenbroker
