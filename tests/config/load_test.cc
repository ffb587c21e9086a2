#include "server/config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace tokenbroker {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class LoadTest : public testing::Test {
 protected:
  // A file of this test alone.
  std::string File(const std::string& text) {
    const std::string path = testing::TempDir() + "load_test_" +
                             testing::UnitTest::GetInstance()->current_test_info()->name() + std::to_string(getpid()) +
                             ".yaml";
    std::ofstream(path) << text;
    files_.push_back(path);
    return path;
  }
  ~LoadTest() override {
    for (const std::string& path : files_) std::filesystem::remove(path);
  }

  std::vector<std::string> files_;
};

std::string Error(const absl::StatusOr<LoadedConfig>& result) {
  return result.ok() ? "no error" : std::string(result.status().message());
}

absl::StatusOr<LoadedConfig> LoadDev(const std::vector<std::string>& args, const Environment& environment = {}) {
  return LoadConfig(ConfigMode::kDev, args, environment);
}

TEST_F(LoadTest, DevNeedsNothing) {
  const LoadedConfig loaded = LoadDev({}).value();
  EXPECT_EQ(loaded.config.grpc.listen, "127.0.0.1:7433");
  EXPECT_EQ(loaded.config.storage.path, "");
  EXPECT_EQ(loaded.config.auth.mode, AuthMode::kOpen);
  EXPECT_EQ(loaded.config.drain.timeout, 2'000);
  EXPECT_EQ(loaded.origins.at("drain.timeout"), "dev");
  EXPECT_EQ(LoadDev({"--data", "/tmp/d"})->config.storage.path, "/tmp/d");
}

TEST_F(LoadTest, DataIsNotKeptInMemory) {
  EXPECT_EQ(Error(LoadDev({"--data", "/tmp/d", "--storage-backend", "memory"})),
            "storage.path: --data and storage.backend memory, which keeps nothing, do not go together (--data)");
  EXPECT_TRUE(LoadDev({"--storage-backend", "memory"}).ok());
  EXPECT_TRUE(LoadDev({"--storage-path", "/tmp/d", "--storage-backend", "memory"}).ok()) << "as a file may have it";
}

TEST_F(LoadTest, ServeNeedsAFolder) {
  EXPECT_THAT(Error(LoadConfig(ConfigMode::kServe, {}, {})), HasSubstr("storage.path: must be set"));
  EXPECT_TRUE(LoadConfig(ConfigMode::kServe, {"--storage-path", "/data"}, {}).ok());
  EXPECT_TRUE(LoadConfig(ConfigMode::kServe, {"--storage-backend=memory"}, {}).ok());
  EXPECT_THAT(Error(LoadConfig(ConfigMode::kServe, {"--data", "/data"}, {})), HasSubstr("unknown flag '--data'"));
}

TEST_F(LoadTest, WhatOthersFindIsListedWithTheRestAndItsPlace) {
  const std::string file = File("targets:\n  a: {kind: webhook, url: x}\ntasks: {max_output: 5MiB}\n");
  const auto check = [](const Config& config) -> std::vector<ConfigFault> {
    EXPECT_EQ(config.targets.size(), 1u);
    return {{"targets.a.url", "is no URL"},
            {"targets.a.source", "is missing"},
            {"tasks.max_output", "is odd, too"},
            {"tls.key_file", "is not there"}};
  };
  EXPECT_EQ(Error(LoadConfig(ConfigMode::kServe, {"--config", file}, {}, check)),
            "tasks.max_output: must be 1KiB to 4MiB, not '5MiB' (" + file +
                ":3:21)\n"
                "storage.path: must be set: the folder where tasks are kept (default)\n"
                "targets.a.url: is no URL (" +
                file +
                ":2:27)\n"
                "targets.a.source: is missing (" +
                file +
                ":2:6)\n"
                "tls.key_file: is not there (default)");
}

TEST_F(LoadTest, LaterLayersWinAndSayWhoTheyAre) {
  const std::string path = File("grpc:\n  listen: 127.0.0.1:1\nadmin:\n  listen: 127.0.0.1:2\ndrain: {timeout: 3s}\n");
  const LoadedConfig loaded =
      LoadDev({"--config", path, "--admin-listen=127.0.0.1:5"},
              {{"TOKENBROKER_GRPC_LISTEN", "127.0.0.1:3"}, {"TOKENBROKER_ADMIN_LISTEN", "127.0.0.1:4"}})
          .value();
  EXPECT_EQ(loaded.config.grpc.listen, "127.0.0.1:3");
  EXPECT_EQ(loaded.origins.at("grpc.listen"), "TOKENBROKER_GRPC_LISTEN");
  EXPECT_EQ(loaded.config.admin.listen, "127.0.0.1:5");
  EXPECT_EQ(loaded.origins.at("admin.listen"), "--admin-listen");
  EXPECT_EQ(loaded.config.drain.timeout, 3'000);
  EXPECT_EQ(loaded.origins.at("drain.timeout"), path + ":5:18");
  EXPECT_EQ(loaded.origins.count("log.level"), 0u);
}

TEST_F(LoadTest, FlagsTakeTheirValueEitherWay) {
  EXPECT_EQ(LoadDev({"--limits-awaits", "5"})->config.limits.awaits, 5);
  EXPECT_EQ(LoadDev({"--limits-awaits=5", "--limits-awaits=6"})->config.limits.awaits, 6);
  EXPECT_TRUE(LoadDev({"--insecure-allow-public-without-tls"})->config.insecure.allow_public_without_tls);
  EXPECT_FALSE(LoadDev({"--grpc-reflection=false", "--log-level", "debug"})->config.grpc.reflection);
  EXPECT_THAT(Error(LoadDev({"--limits-awaits"})), HasSubstr("flag --limits-awaits needs a value"));
  EXPECT_THAT(Error(LoadDev({"limits.awaits=5"})), HasSubstr("unexpected argument 'limits.awaits=5'"));
  EXPECT_THAT(Error(LoadDev({"--"})), HasSubstr("unexpected argument '--'"));
}

TEST_F(LoadTest, UnknownNamesGetTheNearestKnownOne) {
  EXPECT_THAT(Error(LoadDev({"--grpc-lissen", "x"})),
              HasSubstr("unknown flag '--grpc-lissen' (did you mean '--grpc-listen'?)"));
  EXPECT_THAT(
      Error(LoadDev({}, {{"TOKENBROKER_STORAGE_PAHT", "x"}})),
      HasSubstr("unknown environment variable 'TOKENBROKER_STORAGE_PAHT' (did you mean 'TOKENBROKER_STORAGE_PATH'?)"));
  EXPECT_THAT(Error(ParseConfigYaml("storage:\n  paths: x\n", "f.yaml")),
              HasSubstr("unknown setting 'storage.paths' (did you mean 'storage.path'?) (f.yaml:2:10)"));
  EXPECT_THAT(Error(ParseConfigYaml("storrage:\n  path: x\n", "f.yaml")),
              HasSubstr("unknown setting 'storrage' (did you mean 'storage'?)"));
}

TEST_F(LoadTest, OtherPeoplesVariablesAreLeftAlone) {
  EXPECT_TRUE(
      LoadDev({}, {{"TOKENBROKER_TOKEN", "secret"}, {"TOKENBROKER_PORT", "tcp://10.0.0.1:7433"}, {"PATH", "/bin"}})
          .ok());
}

TEST_F(LoadTest, ErrorsNameSettingRuleValueAndOrigin) {
  EXPECT_EQ(Error(LoadDev({"--drain-timeout", "soon"})),
            "drain.timeout: must be a duration such as 250ms, 30s, 10m, 1h30m, 7d or 1w, not 'soon' (--drain-timeout)");
  EXPECT_EQ(Error(LoadDev({}, {{"TOKENBROKER_TASKS_MAX_OUTPUT", "5MiB"}})),
            "tasks.max_output: must be 1KiB to 4MiB, not '5MiB' (TOKENBROKER_TASKS_MAX_OUTPUT)");
  EXPECT_EQ(Error(ParseConfigYaml("log:\n  level: loud\n", "f.yaml")),
            "log.level: must be one of debug, info, warning, error, not 'loud' (f.yaml:2:10)");
  EXPECT_EQ(Error(LoadDev({"--grpc-reflection=yes"})),
            "grpc.reflection: must be true or false, not 'yes' (--grpc-reflection)");
  EXPECT_THAT(Error(LoadDev({"--grpc-max-connection-age=10ms"})),
              HasSubstr("must be 1s to 366d, or 0 (no limit), not '10ms'"));
}

TEST_F(LoadTest, ARefusedUrlIsNotRepeated) {
  const std::string url = "http://user:pw@host:3128";
  for (const std::string& text :
       {Error(LoadDev({"--forwarding-http-proxy", url})),
        Error(LoadDev({"--forwarding-http-proxy", "user:pw@host:3128"})), Error(LoadDev({"--http-cors-origins", url})),
        Error(LoadDev({"--grpc-listen", url})), Error(LoadDev({url}))}) {
    EXPECT_EQ(text.find("pw"), std::string::npos) << text;
  }
  EXPECT_EQ(Error(LoadDev({}, {{"TOKENBROKER_FORWARDING_HTTP_PROXY", url}})),
            "forwarding.http_proxy: must be http[s]://HOST[:PORT] with nothing around it, or empty "
            "(TOKENBROKER_FORWARDING_HTTP_PROXY)");
}

TEST_F(LoadTest, AllErrorsComeAtOnce) {
  const std::string path = File("log:\n  level: loud\nnope: 1\n");
  const std::string error =
      Error(LoadDev({"--config", path, "--admin-listen", "x", "--what"}, {{"TOKENBROKER_GRPC_LISTEN", "y"}}));
  EXPECT_THAT(error, AllOf(HasSubstr("log.level:"), HasSubstr("'nope'"), HasSubstr("admin.listen:"),
                           HasSubstr("'--what'"), HasSubstr("grpc.listen:")));
  EXPECT_EQ(std::count(error.begin(), error.end(), '\n'), 4);
}

TEST_F(LoadTest, FilesThatCannotBeReadAreNamed) {
  EXPECT_THAT(Error(LoadDev({"--config", "/nowhere/f.yaml"})), HasSubstr("--config: cannot read /nowhere/f.yaml"));
  EXPECT_THAT(Error(LoadDev({"--config", "/tmp"})), HasSubstr("--config: cannot read /tmp"));
  EXPECT_THAT(Error(LoadDev({"--config=/dev/zero"})), HasSubstr("larger than"));
}

TEST_F(LoadTest, YamlShapesMustFit) {
  EXPECT_THAT(Error(ParseConfigYaml("- a\n", "f")), HasSubstr("must be a map of settings"));
  EXPECT_THAT(Error(ParseConfigYaml("grpc: 5\n", "f")), HasSubstr("grpc: must be a map of settings (f:1:7)"));
  EXPECT_THAT(Error(ParseConfigYaml("grpc:\n  listen: [a]\n", "f")),
              HasSubstr("grpc.listen: must be HOST:PORT, not a list or map"));
  EXPECT_THAT(Error(ParseConfigYaml("grpc:\n  listen:\n", "f")), HasSubstr("grpc.listen: has no value"));
  EXPECT_THAT(Error(ParseConfigYaml("grpc.listen: a:1\ngrpc:\n  listen: b:1\n", "f")),
              HasSubstr("grpc.listen: is there twice"));
  EXPECT_EQ(ParseConfigYaml("grpc:\nlog:\n", "f")->config.grpc.listen, "127.0.0.1:7433");
  EXPECT_EQ(ParseConfigYaml("grpc.listen: a:1\n", "f")->config.grpc.listen, "a:1");
}

TEST_F(LoadTest, ReadsTargets) {
  const Config config = ParseConfigYaml(
                            "forwarding: {default_target: states, max_age: 2h}\n"
                            "targets:\n"
                            "  states: {kind: none}\n"
                            "  hook: {kind: webhook, url: \"https://a\", secret_files: [b, c]}\n",
                            "f")
                            ->config;
  ASSERT_EQ(config.targets.size(), 2u);
  EXPECT_EQ(config.targets[0], (TargetConfig{"states", TargetKind::kNone, {}}));
  EXPECT_EQ(config.targets[1],
            (TargetConfig{"hook", TargetKind::kWebhook, {{"url", {"https://a"}}, {"secret_files", {"b", "c"}}}}));
  EXPECT_EQ(config.forwarding.default_target, "states");
  EXPECT_EQ(config.forwarding.max_age, 2 * units::kHour);
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"targets: [a]\n", "targets: must map names of targets to their settings (f:1:10)"},
      {"targets: {A: {kind: none}}\n", "targets.A: the name must be 1 to 64 characters"},
      {"targets: {a: {}}\n", "targets.a: 'kind' is missing"},
      {"targets: {a: {kind: pigeon}}\n", "targets.a.kind: must be one of none, webhook, step_functions, subscriber"},
      {"targets: {a: {kind: none, b: {c: d}}}\n", "targets.a.b: must be a text or a list of texts"},
  };
  for (const auto& [text, error] : wrong) EXPECT_THAT(Error(ParseConfigYaml(text, "f")), HasSubstr(error));
}

const char kAccess[] = R"(auth:
  mode: keys
  keys:
    - id: billing
      sha256: "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"
      namespaces:
        orders: [issue, read]
        "*": [administer]
  certificates:
    - name: worker.example
      namespaces: {orders: [resolve]}
  aws_keys:
    - access_key_id: AKIDORDERS
      secret_file: /run/orders.secret
      namespaces: {orders: [issue]}
    - access_key_id: AKIDBILLING
      secret_variable: BILLING_SECRET
      session_token_variable: BILLING_SESSION
      namespaces: {"*": [resolve]}
)";

TEST_F(LoadTest, ListsAreWrittenWithCommasOrInYaml) {
  const std::vector<std::string> both = {"https://a.example", "http://b:8080"};
  EXPECT_EQ(LoadDev({"--http-cors-origins", " https://a.example, http://b:8080"})->config.http.cors.origins, both);
  EXPECT_EQ(
      LoadDev({}, {{"TOKENBROKER_CALLBACKS_ORIGINS", "https://a.example,http://b:8080"}})->config.callbacks.origins,
      both);
  const std::string file = File("http:\n  cors:\n    origins: [https://a.example, 'http://b:8080']\n");
  EXPECT_EQ(LoadDev({"--config", file})->config.http.cors.origins, both);
  EXPECT_TRUE(LoadDev({"--config", file, "--http-cors-origins="})->config.http.cors.origins.empty());
  EXPECT_THAT(
      Error(LoadDev({"--http-cors-origins", "https://a.example,example.com"})),
      HasSubstr("http.cors.origins: must be origins such as https://console.example, or * (--http-cors-origins)"));
  EXPECT_THAT(Error(LoadDev({"--callbacks-origins", "*"})), HasSubstr("callbacks.origins: must be origins such as"));
  EXPECT_THAT(Error(LoadDev({"--callbacks-show-input", "Loans"})), HasSubstr("must be namespaces, or *"));
  EXPECT_THAT(Error(LoadDev({"--config", File("http.cors.origins: [[a]]")})), HasSubstr("not a list or map"));
}

TEST_F(LoadTest, ReadsWhoMayDoWhat) {
  const AuthConfig auth = ParseConfigYaml(kAccess, "f")->config.auth;
  ASSERT_EQ(auth.keys.size(), 1u);
  EXPECT_EQ(auth.keys[0].id, "billing");
  EXPECT_EQ(auth.keys[0].sha256[1], 0x11);
  EXPECT_EQ(auth.keys[0].sha256[31], 0xFF);
  EXPECT_EQ(auth.keys[0].namespaces, (NamespaceRights{{"orders", kIssue | kRead}, {"*", kAdminister}}));
  ASSERT_EQ(auth.certificates.size(), 1u);
  EXPECT_EQ(auth.certificates[0], (CertificateHolder{"worker.example", {{"orders", kResolve}}}));
  ASSERT_EQ(auth.aws_keys.size(), 2u);
  EXPECT_EQ(auth.aws_keys[0], (AwsKey{"AKIDORDERS", {"/run/orders.secret", ""}, {}, {{"orders", kIssue}}}));
  EXPECT_EQ(auth.aws_keys[1],
            (AwsKey{"AKIDBILLING", {"", "BILLING_SECRET"}, {"", "BILLING_SESSION"}, {{"*", kResolve}}}));
}

TEST_F(LoadTest, RefusesWhatIsWrongInTheLists) {
  const std::string hash(64, 'a');
  const auto key = [&](const std::string& id, const std::string& sha256, const std::string& namespaces) {
    return "    - {id: " + id + ", sha256: \"" + sha256 + "\", namespaces: " + namespaces + "}\n";
  };
  const std::pair<std::string, const char*> cases[] = {
      {"    - text\n", "each item must be a map with 'id' and 'namespaces' (f:3:7)"},
      {"    - {id: a}\n", "'sha256' is missing"},
      {"    - {id: a, sha: x, namespaces: {n: [read]}}\n", "unknown key 'sha'"},
      {key("a", "abc", "{n: [read]}"), "'sha256' must be 64 hexadecimal digits"},
      {key("\"\"", hash, "{n: [read]}"), "'id' must be 1 to 64 characters"},
      {key("a", hash, "{}"), "'namespaces' must map"},
      {key("a", hash, "{N: [read]}"), "'N' is neither"},
      {key("a", hash, "{n: [write]}"), "'write' is no right"},
      {key("a", hash, "{n: []}"), "rights must be a list"},
      {key("a", hash, "{n: read}"), "rights must be a list"},
      {key("a", hash, "{n: [read]}") + key("a", std::string(64, 'b'), "{n: [read]}"), "the id 'a' is there twice"},
      {key("a", hash, "{n: [read]}") + key("b", hash, "{n: [read]}"), "the key of 'b' is another one's, too"},
  };
  for (const auto& [items, error] : cases) {
    EXPECT_THAT(Error(ParseConfigYaml("auth:\n  keys:\n" + items, "f")),
                AllOf(HasSubstr("auth.keys: "), HasSubstr(error)));
  }
  EXPECT_THAT(Error(ParseConfigYaml("auth:\n  keys: x\n", "f")), HasSubstr("auth.keys: must be a list (f:2:9)"));
  EXPECT_THAT(Error(ParseConfigYaml("auth:\n  keys:\n" + key("a", "not-hex-but-a-key", "{n: [read]}"), "f")),
              Not(HasSubstr("not-hex")))
      << "somebody may have put the key itself there";
}

TEST_F(LoadTest, RefusesWhatIsWrongWithAwsKeys) {
  const auto key = [](const std::string& id, const std::string& secret) {
    return "    - {access_key_id: " + id + ", " + secret + "namespaces: {n: [read]}}\n";
  };
  const std::pair<std::string, const char*> cases[] = {
      {"    - text\n", "each item must be a map with 'access_key_id' and 'namespaces' (f:3:7)"},
      {key("a/b", "secret_file: f, "), "'access_key_id' must be 1 to 64 characters"},
      {key("a", ""), "set one of 'secret_file' and 'secret_variable'"},
      {key("a", "secret_file: f, secret_variable: V, "), "set one of 'secret_file' and 'secret_variable'"},
      {key("a", "secret_file: \"\", "), "'secret_file' must be a path"},
      {key("a", "secret_variable: 1V, "), "'secret_variable' must be the name of an environment variable"},
      {key("a", "secret_variable: TOKENBROKER_X, "), "not begin with TOKENBROKER_"},
      {key("a", "secret_file: f, session_token_file: t, session_token_variable: T, "),
       "set one of 'session_token_file'"},
      {key("a", "secret_file: f, ") + key("a", "secret_file: f, "), "the access_key_id 'a' is there twice"},
      {key("a", "secret: in-clear, "), "unknown key 'secret'"},
  };
  for (const auto& [items, error] : cases) {
    EXPECT_THAT(Error(ParseConfigYaml("auth:\n  aws_keys:\n" + items, "f")),
                AllOf(HasSubstr("auth.aws_keys: "), HasSubstr(error), Not(HasSubstr("in-clear"))));
  }
}

TEST_F(LoadTest, ReadsTheProcessEnvironment) {
  setenv("TOKENBROKER_LOAD_TEST", "a=b", 1);
  EXPECT_THAT(ProcessEnvironment(), testing::Contains(std::make_pair("TOKENBROKER_LOAD_TEST", "a=b")));
  unsetenv("TOKENBROKER_LOAD_TEST");
}

}  // namespace
}  // namespace tokenbroker
