// A real broker that forwards to a stub of Step Functions, and a look at everything where a secret must not stand.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/e2e/fixture.h"
#include "tests/e2e/step_functions_stub.h"

namespace tokenbroker::testing {

class ForwardingTest : public BrokerTest {
 protected:
  ForwardingTest();
  // Nothing that this broker shows, or has written into its log, holds a secret.
  void TearDown() override;

  // With the target "engine" at this endpoint, short waits, and further flags.
  void StartForwarding(const std::string& endpoint, std::vector<std::string> flags = {});
  // Puts these credentials where the broker looks for them.
  void WriteCredentials(const std::string& access_key_id);
  void RemoveCredentials();

  // The token that Step Functions is said to have made for it.
  static std::string EngineToken(const std::string& name);
  static std::string EngineToken(size_t i) { return EngineToken(std::to_string(i)); }
  // What arrives of the outcome that Settle sends.
  static std::string Sent(const std::string& name) { return "SendTaskSuccess {\"outcome\":\"" + name + "\"}"; }

  // A task with that token, and its outcome.
  void IssueFor(const std::string& name);
  void Settle(const std::string& name);
  void IssueAndSettle(const std::string& name) { IssueFor(name), Settle(name); }
  void IssueAndSettleMany(size_t count);

  v1::Delivery DeliveryOf(const std::string& name);
  // Waits until it is no longer owed.
  v1::Delivery Delivered(const std::string& name);
  // Waits until it is as is asked for; the last look, anyhow.
  v1::Delivery Becomes(const std::string& name, const std::function<bool(const v1::Delivery&)>& right);
  // Waits until nothing is owed.
  void AwaitAll();
  std::vector<v1::Delivery> List(const std::vector<v1::DeliveryState>& states);

 private:
  std::string credentials_file() const { return folder() + "/credentials"; }
  void ExpectNoSecretIn(const std::string& text, const std::string& where);
};

}  // namespace tokenbroker::testing
