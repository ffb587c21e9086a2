// From a message to the request that makes its task, as the configuration describes it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/json_path.h"
#include "server/broker/reason.h"
#include "server/config/intake.h"
#include "tokenbroker/v1/task_service.pb.h"

namespace tokenbroker::intake {

namespace pb = tokenbroker::v1;

// Immutable.
class TaskMapping {
 public:
  // `default_input` is the path of the input where the configuration names none. INVALID_ARGUMENT names the field.
  static absl::StatusOr<TaskMapping> Make(const IntakeTask& config, std::string_view default_input);

  // Fills `out`, with the upstream token that stands in the message, or with `token` if that is given. Refuses, naming
  // the field and its path, what does not suit.
  //
  // The request id is made of the upstream token: however often a message comes, it makes one task. The token itself is
  // taken out of the input, which other people than its holder may read.
  broker::Refusal Fill(std::string_view message, std::optional<std::string_view> token,
                       pb::IssueTaskRequest& out) const;

 private:
  // A path, a text, or neither.
  struct Part {
    std::string name;
    // As configured.
    std::string text;
    std::optional<JsonPath> path;
  };
  class Filling;

  static absl::StatusOr<Part> MakePart(std::string name, const std::string& text);

  std::string name_space_;
  std::string target_;
  Part token_;
  Part key_;
  Part attempt_;
  Part input_;
  Part summary_;
  Part timeout_;
  Part heartbeat_timeout_;
  std::map<std::string, Part> labels_;
};

}  // namespace tokenbroker::intake
