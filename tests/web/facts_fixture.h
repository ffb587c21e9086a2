// The doors as columns of a table: what is said of a task, said through each of them.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "tests/web/web_fixture.h"

namespace tokenbroker::web {

enum class Verb { kSucceed, kFail, kHeartbeat };

// What somebody says of a task.
struct Saying {
  Verb verb = Verb::kSucceed;
  std::string output;
  std::string error;
  std::string cause;
};

inline Saying Success(const std::string& output) { return {.output = output}; }
inline Saying Failure(const std::string& error, const std::string& cause) {
  return {.verb = Verb::kFail, .error = error, .cause = cause};
}
inline Saying Beat() { return {.verb = Verb::kHeartbeat}; }

struct Subject {
  std::string token, id, key;
};

enum class Address { kToken, kId, kKey };

class FactsFixture : public WebFixture {
 protected:
  // What a door said: "ACCEPTED", "REPLAYED", "BEATEN", or the reason of a refusal; empty if the door has no way to say
  // it. `error`: AWS's name for it, where the door is AWS's.
  struct Told {
    std::string verdict;
    std::string error;
  };

  // A column.
  struct DoorColumn {
    std::string name;
    // What logs and metrics call it.
    std::string kind;
    Address address;
    std::function<Told(const Subject& subject, const Saying& saying)> tell;
  };

  std::vector<DoorColumn> Doors();

  void SetUp() override;
  void TearDown() override;
  // The lines "task_judged" since the last call, as JSON.
  std::vector<Json> TakeLines();

  // `more` is added to what is asked for.
  Subject Make(const std::function<void(pb::IssueTaskRequest&)>& more = {});
  Told TellGrpc(const pb::TaskRef& task, const Saying& saying);

 private:
  Told TellRest(const std::string& path, const Json& task, const Saying& saying);
  Told TellBatch(const Json& task, const Saying& saying);
  Told TellLines(const Json& task, const Saying& saying);
  Told TellAws(const std::string& token, const Saying& saying);
  Told TellCallback(const std::string& token, const Saying& saying);

  int made_ = 0;
  std::mutex mutex_;
  std::vector<Json> lines_;  // guarded by mutex_
};

}  // namespace tokenbroker::web
