#include "server/config/print.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "server/config/settings.h"

namespace tokenbroker {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(PrintConfig, ShowsValuesAndOrigins) {
  const LoadedConfig loaded = ParseConfigYaml("admin:\n  listen: \"[::1]:9\"\n", "f.yaml").value();
  EXPECT_THAT(PrintConfig(loaded, true), AllOf(HasSubstr("grpc:\n  listen: 127.0.0.1:7433  # default\n"),
                                               HasSubstr("admin:\n  listen: \"[::1]:9\"  # f.yaml:2:11\n"),
                                               HasSubstr("\nports_file: \"\"  # default\n")));
  EXPECT_THAT(PrintConfig(loaded, false), HasSubstr("grpc:\n  listen: 127.0.0.1:7433\n"));
}

TEST(PrintConfig, CanBeReadAgain) {
  const std::string text =
      std::string(
          "http:\n  cors: {origins: [\"https://a.example\", \"*\"]}\nstorage:\n  path: \"/a b/\\\"c\\\" #\\\\d: "
          "caf\xC3\xA9\"\n  backend: memory\n") +
      "limits: {disk_free_min: 0}\nauth:\n  mode: keys\n  keys:\n    - {id: \"0\", sha256: \"" + std::string(64, 'e') +
      "\", namespaces: {\"*\": [read, issue], n.1: [resolve]}}\n" +
      "  certificates:\n    - {name: \"CN: x\", namespaces: {n: [administer]}}\n" +
      "  aws_keys:\n    - {access_key_id: \"0\", secret_file: \"/a: b\", session_token_variable: V, namespaces: {n: "
      "[read]}}\n" +
      "targets:\n  a: {kind: none}\n  b: {kind: webhook, source: \"x: y\", more: [c, \"d\\\"\"]}\n";
  const LoadedConfig loaded = ParseConfigYaml(text).value();
  for (const bool origins : {false, true}) {
    const std::string printed = PrintConfig(loaded, origins);
    const auto again = ParseConfigYaml(printed);
    ASSERT_TRUE(again.ok()) << again.status() << "\n" << printed;
    for (const Setting& setting : Settings())
      EXPECT_EQ(setting.get(again->config), setting.get(loaded.config)) << setting.name;
    EXPECT_EQ(again->config.auth.keys, loaded.config.auth.keys);
    EXPECT_EQ(again->config.targets, loaded.config.targets);
    EXPECT_EQ(again->config.auth.certificates, loaded.config.auth.certificates);
    EXPECT_EQ(again->config.auth.aws_keys, loaded.config.auth.aws_keys);
  }
}

TEST(PrintConfig, KeepsBackWhatMayBeASecret) {
  const LoadedConfig loaded = ParseConfigYaml(R"(
targets:
  a: {kind: webhook, url: "https://hooks.example/hidden?key=hidden", urll: ["https://hooks.example/hidden"]}
  b: {kind: step_functions, endpoint: "https://sfn.example/hidden", external_id: hidden, region: eu-west-1}
intake:
  activities: [{name: act, arn: "arn:aws:states:r:1:activity:n", endpoint: "https://hidden", external_id: hidden, namespace: p}]
  queues: [{name: q, url: "https://sqs/hidden", dead_letter_url: "https://sqs/hidden", namespace: p, token: $.a}]
)")
                                  .value();
  const std::string printed = PrintConfig(loaded, true);
  EXPECT_THAT(printed, AllOf(Not(HasSubstr("hidden")), Not(HasSubstr("://"))));
  EXPECT_THAT(printed, AllOf(HasSubstr("    url: [\"(not shown)\"]\n"), HasSubstr("      url: \"(not shown)\"\n"),
                             HasSubstr("eu-west-1")));
}

TEST(Settings, TakeTheirOwnDefaultsBack) {
  for (const Setting& setting : Settings()) {
    Config config;
    const std::string text = setting.get(config);
    EXPECT_EQ(setting.set(text, config), absl::OkStatus()) << setting.name << " = " << text;
    EXPECT_EQ(setting.get(config), text) << setting.name;
    EXPECT_FALSE(setting.doc.empty());
    EXPECT_EQ(setting.doc.find('|'), std::string::npos) << "would break the table";
  }
}

TEST(FlagHelp, HasEveryFlag) {
  EXPECT_THAT(FlagHelp(ConfigMode::kServe), AllOf(HasSubstr("--config FILE"), HasSubstr("  --grpc-listen VALUE\n"),
                                                  HasSubstr("  --grpc-reflection[=true|false]\n")));
  EXPECT_THAT(FlagHelp(ConfigMode::kDev), HasSubstr("--data DIR"));
}

TEST(ConfigReference, IsInTheOperatingManual) {
  std::ifstream stream(TB_OPERATING_MD);
  std::stringstream manual;
  manual << stream.rdbuf();
  EXPECT_NE(manual.str().find(ConfigReference()), std::string::npos) << "docs/operating.md must hold this table:\n"
                                                                     << ConfigReference();
}

}  // namespace
}  // namespace tokenbroker
