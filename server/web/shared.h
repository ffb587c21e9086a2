// What the doors on the HTTP server share. Outlives the server.
#pragma once

#include <string>
#include <vector>

#include "server/calls/door.h"
#include "server/calls/sleepers.h"
#include "server/calls/streams.h"
#include "server/web/budget.h"

namespace tokenbroker::web {

struct Shared {
  const calls::Door& door;
  calls::Streams& streams;
  calls::Sleepers& sleepers;
  // For lines of which the end has not come yet.
  Budget& unfinished_lines;
  // Of pages of other sites that may change things; "*": all.
  const std::vector<std::string>& origins;
};

}  // namespace tokenbroker::web
