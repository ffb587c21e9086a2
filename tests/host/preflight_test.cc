// What `config check` and `serve` refuse beyond the settings' own rules, from files as they are written.
#include "server/host/preflight.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "tests/e2e/certificate.h"
#include "tests/testing/temp_folder.h"

namespace tokenbroker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PreflightTest : public ::testing::Test {
 protected:
  // The lines in which the settings are refused; the file is called "f" in them, and the folder "DIR".
  std::vector<std::string> Complaints(const std::string& yaml) {
    const std::string path = Write("serve.yaml", yaml);
    const auto check = [this](const Config& config) { return Preflight(config, environment_); };
    const absl::Status status =
        LoadConfig(ConfigMode::kServe, {"--config", path, "--storage-path", folder_ / "data"}, {}, check).status();
    if (status.ok()) return {};
    return absl::StrSplit(absl::StrReplaceAll(status.message(), {{path, "f"}, {folder_ / "", "DIR/"}}), '\n');
  }
  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }

  tokenbroker::testing::TempFolder folder_;
  // Nothing of this machine's.
  Environment environment_ = {{"AWS_EC2_METADATA_DISABLED", "true"},
                              {"AWS_CONFIG_FILE", "/nosuch"},
                              {"AWS_SHARED_CREDENTIALS_FILE", "/nosuch"}};
};

TEST_F(PreflightTest, AllMistakesOfTargetsAreListedWithTheirPlaces) {
  EXPECT_THAT(
      Complaints("targets:\n"
                 "  sfn: {kind: step_functions, regon: eu-west-1, quota_per_second: -1}\n"
                 "  hook: {kind: webhook, url: 'ftp://example.com', secret_files: [/nosuch]}\n"
                 "  plain:\n"
                 "    kind: webhook\n"
                 "    url: http://example.com\n"
                 "  named: {kind: webhook, url: 'https://me@example.com', allowed_addresses: [intranet]}\n"
                 "  engine: {kind: subscriber, url: x}\n"
                 "forwarding: {proxy_target: hook}\n"),
      ElementsAre("targets.sfn.quota_per_second: must be a number of 1 to 100000, not '-1' (f:2:67)",
                  "targets.sfn.regon: is not a setting of this kind of target (did you mean 'region'?) (f:2:38)",
                  "targets.sfn.region: must be set: neither AWS_REGION nor the profile says which (f:2:8)",
                  "targets.hook.secret_files: cannot read /nosuch: No such file or directory (f:3:65)",
                  "targets.hook.url: a URL begins with https:// or http:// (f:3:30)",
                  "targets.plain.url: the URL must begin with https:// unless allow_http is true (f:6:10)",
                  "targets.named.url: the URL must have no user name (f:7:31)",
                  "targets.named.allowed_addresses: 'intranet' is no address and no range like 10.1.0.0/16 or "
                  "fd00:12::/32 (f:7:76)",
                  "targets.engine.url: is not a setting of this kind of target (f:8:35)",
                  "forwarding.proxy_target: must be the name of a target of kind step_functions (f:9:28)"));
}

TEST_F(PreflightTest, MistakesOfEveryKindAreListedTogether) {
  EXPECT_THAT(Complaints("grpc: {lisen: x}\n"
                         "tasks: {max_output: 5MiB}\n"
                         "forwarding: {default_target: nobody}\n"
                         "targets: {hook: {kind: webhook}, odd: {kind: webhok, url: x}}\n"),
              ElementsAre("unknown setting 'grpc.lisen' (did you mean 'grpc.listen'?) (f:1:15)",
                          "tasks.max_output: must be 1KiB to 4MiB, not '5MiB' (f:2:21)",
                          HasSubstr("targets.odd.kind: must be one of none, webhook"),
                          "forwarding.default_target: must be the name of one of the targets (f:3:30)",
                          "targets.hook.url: is missing (f:4:17)"));
}

TEST_F(PreflightTest, FilesThatAreNotThereAreNamedByTheirSettings) {
  EXPECT_THAT(
      Complaints("tls: {certificate_file: /nope, key_file: /nope-key, client_ca_file: /nope-ca}\n"
                 "forwarding: {ca_file: /nope-authorities}\n"
                 "auth:\n"
                 "  mode: keys\n"
                 "  aws_keys:\n"
                 "    - {access_key_id: A, secret_file: /nope-a, namespaces: {'*': [read]}}\n"
                 "    - {access_key_id: B, secret_variable: B_SECRET, namespaces: {'*': [read]}}\n"),
      ElementsAre("tls.certificate_file: cannot read /nope: No such file or directory (f:1:25)",
                  "tls.key_file: cannot read /nope-key: No such file or directory (f:1:42)",
                  "tls.client_ca_file: cannot read /nope-ca: No such file or directory (f:1:69)",
                  "auth.aws_keys: the secret of A: cannot read the file /nope-a: No such file or directory (f:6:5)",
                  "auth.aws_keys: the secret of B: the environment variable B_SECRET is not set (f:6:5)",
                  "forwarding.ca_file: cannot read /nope-authorities: No such file or directory (f:2:23)"));
}

TEST_F(PreflightTest, AKeyMustFitItsCertificate) {
  const tokenbroker::testing::Certificate one = tokenbroker::testing::MakeCertificate();
  const std::string tls = absl::StrCat("tls: {certificate_file: ", Write("c.pem", one.certificate),
                                       ", key_file: ", Write("k.pem", one.key), "}\n");
  EXPECT_THAT(Complaints(tls), IsEmpty());
  Write("k.pem", tokenbroker::testing::MakeCertificate().key);
  EXPECT_THAT(Complaints(tls),
              ElementsAre(HasSubstr("tls.key_file: DIR/k.pem has no key that fits the certificate (f:1:")));
}

TEST_F(PreflightTest, TokenKeysThatCannotBeReadAreRefusedAndMissingOnesAreMadeLater) {
  const std::string setting = absl::StrCat("tokens: {key_file: ", folder_ / "keys.json", "}\n");
  EXPECT_THAT(Complaints(setting), IsEmpty());
  Write("keys.json", "{");
  EXPECT_THAT(Complaints(setting), ElementsAre(HasSubstr("tokens.key_file: ")));
}

TEST_F(PreflightTest, IntakesNameWhatTheyMiss) {
  EXPECT_THAT(Complaints("intake:\n"
                         "  queues:\n"
                         "    - {name: jobs, url: 'http://localhost:1/q', namespace: n, token: $.t}\n"
                         "    - {name: more, url: 'http://me@localhost:1/q', namespace: n, token: $.t}\n"),
              ElementsAre("intake.queues: 'jobs': region must be set: neither the url nor the environment names one "
                          "(f:3:5)",
                          "intake.queues: 'more': the URL must have no user name (f:3:5)"));
}

}  // namespace
}  // namespace tokenbroker
