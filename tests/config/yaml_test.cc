#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "server/config/load.h"
#include "server/config/yaml_tree.h"

namespace tokenbroker {
namespace {

using testing::HasSubstr;

TEST(ParseYaml, KeepsOrderAndPlaces) {
  const YamlNode root = ParseYaml("a: 1\nb:\n  - x\n  - {c: \"2\"}\nd:\n", "f").value();
  ASSERT_EQ(root.kind, YamlNode::Kind::kMap);
  ASSERT_EQ(root.members.size(), 3u);
  EXPECT_EQ(root.members[0].value.scalar, "1");
  EXPECT_EQ(root.members[0].value.Place(), "1:4");
  const YamlNode& list = root.members[1].value;
  ASSERT_EQ(list.items.size(), 2u);
  EXPECT_EQ(list.items[1].members[0].value.Place(), "4:9");
  EXPECT_EQ(root.members[2].value.kind, YamlNode::Kind::kNull);
}

TEST(ParseYaml, AnEmptyDocumentIsNull) {
  for (const char* text : {"", "\n\n", "# only a comment\n", "---\n"}) {
    EXPECT_EQ(ParseYaml(text, "f").value().kind, YamlNode::Kind::kNull) << text;
  }
}

TEST(ParseYaml, RefusesWithThePlace) {
  const std::pair<const char*, const char*> cases[] = {
      {"a: 1\na: 2\n", "f:2:1: 'a' is there twice"},
      {"a: &x 1\n", "f:1:4: anchors are not supported"},
      {"a: *x\n", "f:1:"},
      {"a: !tag 1\n", "f:1:4: tags are not supported"},
      {"[1, 2]: 3\n", "f:1:1: a key must be a plain word"},
      {"a: [1, 2\n", "f:2:1: "},
      {"a: 1\n b: 2\n", "f:2:"},
      {"a: 1\n---\nb: 2\n", "more than one document"},
      {"a: \"\xFF\"\n", "not valid UTF-8"},
      {"[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", "f:1:17: nested deeper than 16 levels"},
  };
  for (const auto& [text, error] : cases) {
    const auto result = ParseYaml(text, "f");
    ASSERT_FALSE(result.ok()) << text;
    EXPECT_THAT(std::string(result.status().message()), HasSubstr(error)) << text;
  }
  EXPECT_FALSE(ParseYaml(std::string(kMaxYamlBytes + 1, '#'), "f").ok());
  EXPECT_FALSE(ParseYaml(std::string(100'000, '['), "f").ok());
  EXPECT_FALSE(ParseYaml(std::string(100'000, '{'), "f").ok());
}

// A bomb of aliases would be 10^9 scalars if aliases were followed.
TEST(ParseYaml, RefusesAliasesBeforeTheyMultiply) {
  std::string text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  EXPECT_FALSE(ParseYaml(text + "a1: [*a0,*a0,*a0]\n", "f").ok());
}

TEST(ParseConfigYaml, SurvivesDamage) {
  const std::string seed =
      "grpc:\n  listen: 127.0.0.1:7433\n  reflection: true\nstorage: {path: /data, checkpoint_interval: 10m}\n"
      "auth:\n  mode: keys\n  keys:\n    - id: a\n      sha256: \"" +
      std::string(64, 'a') + "\"\n      namespaces:\n        orders: [issue, read]\n        \"*\": [administer]\n";
  ASSERT_TRUE(ParseConfigYaml(seed).ok());
  const std::string alphabet = "{}[]\",:'-?&*!|>%@#\n \t\\0a~=.\x01\x80\xC3";
  std::mt19937 random(4);
  int good = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = seed;
    for (int edits = 1 + random() % 4; edits > 0; --edits) {
      const size_t at = random() % text.size();
      if (random() % 3 == 0) {
        text.erase(at, 1 + random() % 10);
      } else {
        text.insert(at, 1 + random() % 2, alphabet[random() % alphabet.size()]);
      }
    }
    const auto result = ParseConfigYaml(text);
    good += result.ok();
    ASSERT_EQ(result.ok(), result.status().message().empty()) << text;
  }
  EXPECT_GT(good, 100);
}

}  // namespace
}  // namespace tokenbroker
