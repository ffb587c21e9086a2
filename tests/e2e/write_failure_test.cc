// A write that fails ends the process: nothing is acknowledged after it, and a new start finds out what is on disk.
#include <sys/resource.h>
#include <sys/wait.h>
#include <sysexits.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "tests/e2e/fixture.h"
#include "tests/testing/child_process.h"
#include "tests/testing/text_file.h"

namespace tokenbroker::testing {
namespace {

class WriteFailureTest : public BrokerTest {
 protected:
  // No file of the broker grows beyond the greatest it has. It ignores the signal that it gets then: its writes fail.
  void StopGrowth() {
    rlim_t greatest = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(broker_.folder)) {
      if (entry.is_regular_file()) greatest = std::max<rlim_t>(greatest, entry.file_size());
    }
    const rlimit limit{greatest, RLIM_INFINITY};
    ASSERT_EQ(::prlimit(process().pid(), RLIMIT_FSIZE, &limit, nullptr), 0);
  }
};

TEST_F(WriteFailureTest, EndsTheProcessAndLosesNothingThatWasAcknowledged) {
  Start();
  // The log is the greatest file, so that it is the log that cannot grow.
  v1::IssueTaskRequest request;
  request.set_namespace_("e2e");
  request.set_input("\"" + std::string(200'000, 'x') + "\"");
  v1::IssueTaskResponse kept;
  ASSERT_TRUE(client().Issue(request, kept).ok());
  StopGrowth();
  v1::IssueTaskResponse lost;
  const grpc::Status status = client().Issue(request, lost);
  EXPECT_FALSE(status.ok()) << "acknowledged without being written";
  const std::optional<int> end = process().WaitForEnd(20'000);
  ASSERT_TRUE(end.has_value()) << "a broker that cannot write must not live on";
  EXPECT_TRUE(WIFEXITED(*end) && WEXITSTATUS(*end) == EX_IOERR) << DescribeEnd(*end);
  EXPECT_NE(ReadFileOr(broker_.log(), "").find("append_failed"), std::string::npos);
  Start();
  EXPECT_EQ(Get(kept.token()).task_id(), kept.task_id());
  EXPECT_TRUE(SucceedWith(kept.token(), "1").ok());
}

}  // namespace
}  // namespace tokenbroker::testing
