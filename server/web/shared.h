// What the doors on the HTTP server share. Outlives the server.
#pragma once

#include "server/calls/door.h"
#include "server/calls/sleepers.h"
#include "server/calls/streams.h"
#include "server/web/budget.h"
#include "server/web/sites.h"

namespace tokenbroker::web {

struct Shared {
  const calls::Door& door;
  calls::Streams& streams;
  calls::Sleepers& sleepers;
  // For lines of which the end has not come yet.
  Budget& unfinished_lines;
  const Sites& sites;
};

}  // namespace tokenbroker::web
