// How one event looks as a line of text. For log.cc; apart from it so that the two forms stand side by side.
#pragma once

#include <string>
#include <string_view>

#include "server/telemetry/log.h"

namespace tokenbroker {

// One event. `extra` is a last field that the logger adds itself; nullptr for none.
struct LogEvent {
  TimeMs time;
  Level level;
  std::string_view event;
  Fields fields;
  const Field* extra = nullptr;
};

// Both append the line with its line feed. Invalid UTF-8 becomes U+FFFD, so that a line is always valid.
void AppendJsonLine(const LogEvent& event, std::string& out);
void AppendTextLine(const LogEvent& event, std::string& out);

}  // namespace tokenbroker
