#include "server/config/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace tokenbroker {
namespace {

using namespace units;

using testing::HasSubstr;

// The complaint about a sound configuration with this change, or "".
std::string Complaint(const std::function<void(Config&)>& change, ConfigMode mode = ConfigMode::kServe) {
  LoadedConfig loaded;
  loaded.config.storage.path = "/data";
  change(loaded.config);
  return std::string(ValidateConfig(mode, loaded).message());
}

ApiKey SomeKey() { return {.id = "a", .sha256 = {}, .namespaces = {{"*", kRead}}}; }

void MakeSecure(Config& c) {
  c.tls.certificate_file = "c.pem";
  c.tls.key_file = "k.pem";
  c.auth.mode = AuthMode::kKeys;
  c.auth.keys = {SomeKey()};
}

TEST(ValidateConfig, AcceptsTheDefaults) {
  EXPECT_EQ(Complaint([](Config&) {}), "");
  EXPECT_EQ(Complaint([](Config& c) { c.storage.path = ""; }, ConfigMode::kDev), "");
  EXPECT_EQ(Complaint(MakeSecure), "");
}

TEST(ValidateConfig, RefusesToBeReachedWithoutTlsAndKeys) {
  for (const char* listen : {"0.0.0.0:7433", "[::]:7433", "10.1.2.3:7433", "broker.example:7433"}) {
    EXPECT_THAT(Complaint([&](Config& c) { c.grpc.listen = listen; }),
                HasSubstr(std::string("grpc.listen: ") + listen + " can be reached from other machines"));
  }
  EXPECT_THAT(Complaint([](Config& c) { c.grpc.listen = "0.0.0.0:1"; }),
              HasSubstr("insecure.allow_public_without_tls: true"));
  EXPECT_THAT(Complaint([](Config& c) { c.http.listen = "0.0.0.0:1"; }), HasSubstr("http.listen: "));
  const auto tls_only = [](Config& c) {
    MakeSecure(c);
    c.grpc.listen = "0.0.0.0:1";
    c.auth = {};
  };
  EXPECT_THAT(Complaint(tls_only), HasSubstr("known callers"));
  const auto keys_only = [](Config& c) {
    MakeSecure(c);
    c.grpc.listen = "0.0.0.0:1";
    c.tls = {};
  };
  EXPECT_THAT(Complaint(keys_only), HasSubstr("needs TLS"));
  EXPECT_THAT(Complaint([](Config& c) { c.grpc.listen = "0.0.0.0:1"; }, ConfigMode::kDev), HasSubstr("grpc.listen"));
}

TEST(ValidateConfig, MayBeReachedWithTlsAndKeysOrInSoManyWords) {
  EXPECT_EQ(Complaint([](Config& c) {
              MakeSecure(c);
              c.grpc.listen = "0.0.0.0:7433";
            }),
            "");
  EXPECT_EQ(Complaint([](Config& c) {
              c.grpc.listen = "0.0.0.0:7433";
              c.insecure.allow_public_without_tls = true;
            }),
            "");
  EXPECT_EQ(Complaint([](Config& c) { c.grpc.listen = "localhost:0"; }), "");
  EXPECT_EQ(Complaint([](Config& c) { c.admin.listen = "0.0.0.0:9433"; }), "") << "probes come from outside";
}

TEST(ValidateConfig, ChecksWhatMustFitTogether) {
  const std::pair<std::function<void(Config&)>, const char*> cases[] = {
      {[](Config& c) { c.storage.path = ""; }, "storage.path: must be set"},
      {[](Config& c) { c.storage.backup_root = "relative"; }, "storage.backup_root: must be an absolute path"},
      {[](Config& c) { c.storage.backup_root = "/data"; }, "storage.backup_root: must be outside storage.path"},
      {[](Config& c) { c.storage.backup_root = "/data/x/../b"; }, "storage.backup_root: must be outside storage.path"},
      {[](Config& c) { c.file_drop.folder = "/data/drop"; }, "file_drop.folder: must be outside storage.path"},
      {[](Config& c) { c.tasks.max_output = 8 * kMiB; }, "grpc.max_message_size: must be at least 8256KiB"},
      {[](Config& c) { c.limits.queue_bytes = kMiB; }, "limits.queue_bytes: must be at least grpc.max_message_size"},
      {[](Config& c) { c.http.max_body_size = 256 * kKiB; }, "http.max_body_size: must be at least 320KiB"},
      {[](Config& c) { c.http.max_body_size = 512 * kMiB; },
       "limits.queue_bytes: must be at least http.max_body_size, which is 512MiB"},
      {[](Config& c) { c.http.bodies_memory = kMiB; }, "http.bodies_memory: must be at least http.max_body_size"},
      {[](Config& c) { c.http.max_header_size = 4 * kKiB; },
       "http.max_header_size: must be at least http.max_target_size, which is 8KiB"},
      {[](Config& c) { c.tls.certificate_file = "c"; }, "tls.key_file: must be set, too"},
      {[](Config& c) { c.tls.key_file = "k"; }, "tls.certificate_file: must be set, too"},
      {[](Config& c) { c.tls.client_ca_file = "ca"; }, "tls.client_ca_file: needs"},
      {[](Config& c) { c.tls.require_client_certificate = true; }, "tls.require_client_certificate: needs"},
      {[](Config& c) { c.auth.mode = AuthMode::kKeys; }, "auth.mode: keys lets nobody in"},
      {[](Config& c) { c.auth.keys = {SomeKey()}; }, "auth.mode: is open"},
      {[](Config& c) {
         c.auth.aws_keys = {{"AKID", {"f", ""}, {}, {}}};
       },
       "auth.mode: is open"},
      {[](Config& c) {
         MakeSecure(c);
         c.auth.certificates = {{"x", {}}};
       },
       "auth.certificates: needs tls.client_ca_file"},
      {[](Config& c) { c.admin.listen = c.grpc.listen; }, "admin.listen: is the same address as grpc.listen"},
  };
  for (const auto& [change, complaint] : cases) EXPECT_THAT(Complaint(change), HasSubstr(complaint));
  EXPECT_EQ(Complaint([](Config& c) { c.storage.backup_root = "/data-backups"; }), "");
  EXPECT_EQ(Complaint([](Config& c) { c.grpc.listen = c.admin.listen = "127.0.0.1:0"; }), "") << "two free ports";
}

TEST(ValidateConfig, SaysWhereTheValueCameFrom) {
  LoadedConfig loaded;
  loaded.config.grpc.listen = "0.0.0.0:1";
  loaded.origins["grpc.listen"] = "serve.yaml:3:5";
  const std::string complaint(ValidateConfig(ConfigMode::kServe, loaded).message());
  EXPECT_THAT(complaint, HasSubstr("(serve.yaml:3:5)"));
  EXPECT_THAT(complaint, HasSubstr("storage.path: must be set: the folder where tasks are kept (default)"));
}

}  // namespace
}  // namespace tokenbroker
