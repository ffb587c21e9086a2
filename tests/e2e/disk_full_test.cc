// A disk that fills up: new tasks are refused first, open ones can still be resolved, and nothing is lost.
#include <sys/wait.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/e2e/fixture.h"
#include "tests/e2e/small_disk.h"
#include "tests/testing/child_process.h"

namespace tokenbroker::testing {
namespace {

class DiskFullTest : public BrokerTest {
 protected:
  void SetUp() override {
    if (!disk_.mounted()) GTEST_SKIP() << "mounting a tmpfs is not allowed here";
  }
  void TearDown() override {
    if (disk_.mounted()) Kill();
  }

  grpc::Status TryIssue() {
    v1::IssueTaskRequest request;
    request.set_namespace_("disk");
    v1::IssueTaskResponse response;
    return client().Issue(request, response);
  }

  // Whether issuing is answered like this within `limit`.
  bool Becomes(v1::ErrorReason reason, DurationMs limit) {
    for (const TimeMs until = NowMs() + limit; NowMs() < until;) {
      const grpc::Status status = TryIssue();
      if (ReasonOf(status) == reason && status.ok() == (reason == v1::ERROR_REASON_UNSPECIFIED)) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return false;
  }

  const SmallDisk disk_{broker_.data(), 256};
};

TEST_F(DiskFullTest, IssuesStopResolvesGoOnAndAllComesBack) {
  Start({"--limits-disk-free-min", "48MiB"});
  const std::vector<v1::IssueTaskResponse> issued = IssueMany(2000, "disk");
  disk_.FillUp(40 * kMiB);
  ASSERT_TRUE(Becomes(v1::ERROR_REASON_DISK_FULL, 10'000));
  const grpc::Status refused = TryIssue();
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(DetailsOf(refused).retry.has_value());
  for (size_t i = 0; i < 1000; ++i) {
    const grpc::Status status = SucceedWith(issued[i].token(), absl::StrCat(i));
    ASSERT_TRUE(status.ok()) << Describe(status);
  }
  disk_.MakeRoom();
  const TimeMs before = NowMs();
  EXPECT_TRUE(Becomes(v1::ERROR_REASON_UNSPECIFIED, 10'000));
  std::printf("issues went on %lld ms after there was room again\n", static_cast<long long>(NowMs() - before));
  for (size_t i = 0; i < issued.size(); ++i) {
    const v1::Task task = Get(issued[i].token());
    EXPECT_EQ(task.outcome().output(), i < 1000 ? absl::StrCat(i) : "") << i;
  }
}

// Without a watermark, until there is no byte left: the broker must stop rather than acknowledge what it cannot write.
TEST_F(DiskFullTest, AFullDiskStopsTheBrokerAndNothingAcknowledgedIsLost) {
  Start({"--limits-disk-free-min", "0"});
  const std::vector<v1::IssueTaskResponse> issued = IssueMany(1000, "disk");
  disk_.FillUp(1 * kMiB);
  size_t settled = 0;
  const std::string output = "\"" + std::string(250'000, 'f') + "\"";
  while (settled < issued.size() && SucceedWith(issued[settled].token(), output).ok()) ++settled;
  EXPECT_LT(settled, issued.size()) << "there was room for everything";
  const std::optional<int> end = process().WaitForEnd(10'000);
  ASSERT_TRUE(end.has_value()) << "the broker goes on after a failed write";
  EXPECT_TRUE(WIFEXITED(*end) && WEXITSTATUS(*end) != 0) << DescribeEnd(*end);
  disk_.MakeRoom();
  Start({"--limits-disk-free-min", "0"});
  for (size_t i = 0; i < issued.size(); ++i) {
    const v1::Task task = Get(issued[i].token());
    // The one that got no answer may be either.
    if (i == settled) continue;
    EXPECT_EQ(task.outcome().output(), i < settled ? output : "") << i;
  }
  std::printf("stopped after %zu settlements, all there after the restart\n", settled);
}

}  // namespace
}  // namespace tokenbroker::testing
