// A real broker in a folder of its own, for one test.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/testing/broker_client.h"
#include "tests/testing/broker_process.h"

namespace tokenbroker::testing {

class BrokerTest : public ::testing::Test {
 protected:
  BrokerTest();
  // Stops the broker and removes the folder.
  ~BrokerTest() override;

  // Starts the binary, with further flags, and connects. Fails the test if it does not come up.
  void Start(const std::vector<std::string>& flags = {});
  // SIGTERM; its wait status. The broker must have ended within 20 seconds.
  int Stop();
  void Kill();

  bool started() const { return process_ != nullptr; }
  const BrokerClient& client() const { return *client_; }
  BrokerProcess& process() { return *process_; }
  const std::string& folder() const { return broker_.folder; }

  v1::IssueTaskResponse Issue(const std::string& name_space = "e2e", DurationMs timeout = 3'600'000);
  std::vector<v1::IssueTaskResponse> IssueMany(size_t count, const std::string& name_space = "e2e");
  grpc::Status SucceedWith(const std::string& token, const std::string& output);
  v1::Task Get(const std::string& token);

  BrokerOptions broker_;

 private:
  std::unique_ptr<BrokerProcess> process_;
  std::unique_ptr<BrokerClient> client_;
};

// The binary under test.
std::string BrokerBinary();

}  // namespace tokenbroker::testing
