// The one table of settings: file, environment, flags, `config print` and the reference in docs/operating.md come from
// it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "server/config/config.h"

namespace tokenbroker {

struct Setting {
  // Dotted: "grpc.listen". For the other forms see EnvironmentName and FlagName.
  std::string name;
  // What a value may be, for people: "duration, 1s to 366d".
  std::string rule;
  // What it does, in one or two sentences.
  std::string doc;
  // A flag without a value means true.
  bool is_bool = false;
  // Several values, with commas between; in the file a YAML list will do, too.
  bool is_list = false;
  // Reads a value and checks it against the rule. The error's text says the rule; the caller adds name and origin.
  std::function<absl::Status(std::string_view text, Config& config)> set;
  // The value as `set` takes it.
  std::function<std::string(const Config& config)> get;
};

// In the order in which they are shown. Lists (auth.keys, auth.certificates, auth.aws_keys, intake.*) and targets are
// not among them: only the file has those.
const std::vector<Setting>& Settings();

// nullptr if there is none.
const Setting* FindSetting(std::string_view name);

}  // namespace tokenbroker
