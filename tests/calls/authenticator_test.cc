#include "server/calls/authenticator.h"

#include <gtest/gtest.h>
#include <openssl/sha.h>

namespace tokenbroker::calls {
namespace {

ApiKey KeyOf(const std::string& id, const std::string& key, NamespaceRights namespaces) {
  ApiKey entry;
  entry.id = id;
  SHA256(reinterpret_cast<const uint8_t*>(key.data()), key.size(), entry.sha256.data());
  entry.namespaces = std::move(namespaces);
  return entry;
}

AuthConfig Keys() {
  AuthConfig config;
  config.mode = AuthMode::kKeys;
  config.keys = {KeyOf("ops", "secret-1", {{"*", kAdminister | kRead}}),
                 KeyOf("app", "secret-2", {{"orders", kIssue}})};
  return config;
}

TEST(AuthenticatorTest, InOpenModeEverybodyMayDoEverything) {
  const Authenticator authenticator{AuthConfig{}};
  const broker::Principal* caller = authenticator.Identify("Bearer whatever", {});
  ASSERT_NE(caller, nullptr);
  EXPECT_EQ(caller->id, "anonymous");
  EXPECT_TRUE(caller->May(broker::kIssue, "any"));
}

TEST(AuthenticatorTest, AKeyNamesItsHolderAndItsRights) {
  const Authenticator authenticator(Keys());
  const broker::Principal* caller = authenticator.Identify("Bearer secret-2", {});
  ASSERT_NE(caller, nullptr);
  EXPECT_EQ(caller->id, "key:app");
  EXPECT_TRUE(caller->May(broker::kIssue, "orders"));
  EXPECT_FALSE(caller->May(broker::kIssue, "others"));
  EXPECT_FALSE(caller->May(broker::kRead, "orders"));
}

TEST(AuthenticatorTest, ARightInAllNamespacesHoldsEverywhere) {
  const Authenticator authenticator(Keys());
  const broker::Principal* caller = authenticator.Identify("bearer  secret-1 ", {});
  ASSERT_NE(caller, nullptr);
  EXPECT_TRUE(caller->everywhere & broker::kAdminister);
  EXPECT_TRUE(caller->May(broker::kRead, "any"));
}

TEST(AuthenticatorTest, WhoShowsNothingHasNoRightButATokens) {
  const Authenticator authenticator(Keys());
  const broker::Principal* caller = authenticator.Identify("", {});
  ASSERT_NE(caller, nullptr);
  EXPECT_EQ(caller->id, "token");
  EXPECT_FALSE(caller->May(broker::kRead, "orders"));
  EXPECT_EQ(caller->unknown, "no API key was presented (authorization: Bearer KEY)");
}

TEST(AuthenticatorTest, AnUnknownKeyIsRefusedAndNotTakenForNone) {
  const Authenticator authenticator(Keys());
  for (const char* shown : {"Bearer secret-3", "Bearer ", "Basic secret-1", "secret-1"}) {
    EXPECT_EQ(authenticator.Identify(shown, {}), nullptr) << shown;
  }
}

TEST(AuthenticatorTest, CertificatesNameNobodyWhileNoneIsConfigured) {
  const Authenticator authenticator(Keys());
  EXPECT_FALSE(authenticator.wants_certificate());
  EXPECT_EQ(authenticator.Identify("", {"host.example"})->id, "token");
}

TEST(AuthenticatorTest, ACertificateNamesItsHolder) {
  AuthConfig config = Keys();
  config.certificates = {{"spiffe://example/worker", {{"orders", kResolve}}}};
  const Authenticator authenticator(config);
  EXPECT_EQ(authenticator.Identify("", {"host", "spiffe://example/worker"})->id, "cert:spiffe://example/worker");
  EXPECT_EQ(authenticator.Identify("", {"host"}), nullptr);
  EXPECT_EQ(authenticator.Identify("Bearer secret-2", {"spiffe://example/worker"})->id, "key:app");
}

}  // namespace
}  // namespace tokenbroker::calls
