// The conditions that `list` and `watch` share.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tokenbroker/v1/task_service.pb.h"

namespace tokenbroker::cli {

struct FilterFlags {
  std::vector<std::string> states;
  std::vector<std::string> labels;
  std::string key_prefix;
  std::string target;
  std::string min_age;
  std::string max_age;
};

void AddFilter(CLI::App* command, FilterFlags& flags);
absl::StatusOr<v1::TaskFilter> MakeFilter(const FilterFlags& flags);

// "name=value" pairs into a proto map.
absl::Status AddLabels(const std::vector<std::string>& pairs, google::protobuf::Map<std::string, std::string>& labels);

}  // namespace tokenbroker::cli
