#include "cli/retry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/fake_broker.h"

namespace tokenbroker::cli {
namespace {

using ::testing::ElementsAre;

absl::Status Overloaded(DurationMs retry_after) {
  v1::ItemError error;
  error.set_code(static_cast<int>(absl::StatusCode::kResourceExhausted));
  error.set_reason(v1::ERROR_REASON_OVERLOADED);
  error.mutable_retry_after()->set_seconds(retry_after / 1000);
  return MakeError(error);
}

class RetryTest : public ::testing::Test {
 protected:
  // Answers with `errors`, one per call, and then with 42.
  absl::StatusOr<int> Run(std::vector<absl::Status> errors, DurationMs total) {
    Retrier retrier(waiter_, FixedRandom());
    return retrier.Run(total, total, [&, this](DurationMs timeout) -> absl::StatusOr<int> {
      timeouts_.push_back(timeout);
      if (errors.empty()) return 42;
      const absl::Status error = errors.front();
      if (errors.size() > 1 || !for_ever_) errors.erase(errors.begin());
      return error;
    });
  }

  ManualWaiter waiter_;
  std::vector<DurationMs> timeouts_;
  bool for_ever_ = false;
};

TEST_F(RetryTest, TriesAgainWithGrowingPauses) {
  EXPECT_EQ(*Run({Away(), Away(), Away()}, 10'000), 42);
  EXPECT_THAT(waiter_.waits, ElementsAre(50, 100, 200));
  EXPECT_THAT(timeouts_, ElementsAre(10'000, 9'950, 9'850, 9'650));
}

TEST_F(RetryTest, StopsWhenTheTimeIsUp) {
  for_ever_ = true;
  EXPECT_EQ(Run({Away()}, 1'000).status(), Away());
  EXPECT_LT(waiter_.Now(), 1'000'000 + 1'000);
}

TEST_F(RetryTest, HonoursTheBrokersPause) {
  EXPECT_EQ(*Run({Overloaded(3'000)}, 10'000), 42);
  EXPECT_THAT(waiter_.waits, ElementsAre(3'000));
}

TEST_F(RetryTest, AFinalRefusalIsNotRepeated) {
  EXPECT_FALSE(Run({absl::InvalidArgumentError("no")}, 10'000).ok());
  EXPECT_FALSE(Run({Refusal(absl::StatusCode::kResourceExhausted, v1::ERROR_REASON_NAMESPACE_LIMIT)}, 10'000).ok());
  EXPECT_TRUE(waiter_.waits.empty());
}

TEST_F(RetryTest, AnInterruptEndsIt) {
  waiter_.interrupted = true;
  EXPECT_EQ(Run({Away()}, 10'000).status(), Away());
  EXPECT_EQ(timeouts_.size(), 1u);
}

}  // namespace
}  // namespace tokenbroker::cli
