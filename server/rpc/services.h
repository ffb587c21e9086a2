// The services of the contract, as tables of methods.
#pragma once

#include <memory>
#include <vector>

#include "server/calls/sleepers.h"
#include "server/calls/streams.h"
#include "server/rpc/method_table.h"

namespace tokenbroker::rpc {

// What the calls of one server share. Outlives them.
struct Shared {
  const calls::Door& door;
  calls::Streams& streams;
  calls::Sleepers& sleepers;
  UnderWay& under_way;
};

std::vector<std::unique_ptr<MethodTable>> MakeServices(const Shared& shared);

}  // namespace tokenbroker::rpc
