// The lists intake.activities, intake.queues and intake.events, which only the file can hold.
#pragma once

#include <string>
#include <vector>

#include "server/config/intake.h"
#include "server/config/yaml_tree.h"

namespace tokenbroker {

// So many of one kind at most.
inline constexpr size_t kMaxIntakes = 64;
inline constexpr int64_t kMaxPollers = 64;

// Reads one of the lists, by its name; false if it is none of them. Adds to `errors` what is wrong, one line each, with
// the place in `source`.
bool ReadIntakeList(const std::string& name, const YamlNode& node, const std::string& source, IntakeConfig& out,
                    std::vector<std::string>& errors);

// As a file has it, from `intake:` on; empty if there is no intake.
std::string PrintIntake(const IntakeConfig& intake);

// Names are part of metrics and of who registers: one name for two intakes is refused, and so are two rules for the
// same events, and targets that are not among `targets`. Adds to `errors`.
void ValidateIntake(const IntakeConfig& intake, const std::vector<std::string>& targets,
                    std::vector<std::string>& errors);

}  // namespace tokenbroker
