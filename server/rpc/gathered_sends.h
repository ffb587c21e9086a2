// Answers that are ready together leave together: while a GatheredSends lives, what gRPC sends on its thread waits in
// the sockets' buffers, and is pushed at the end, or when much waits already. Large messages leave at once.
//
// gRPC makes one sendmsg for each answer. On a connection that many calls share, each would be a segment, with its
// acknowledgement and perhaps a waking of the other side: a third of what an answer costs (docs/adr/0022).
#pragma once

namespace tokenbroker::rpc {

// Lives on one thread, one at a time. Sends of other threads go out at once.
class GatheredSends {
 public:
  GatheredSends();
  ~GatheredSends();
  GatheredSends(const GatheredSends&) = delete;
  GatheredSends& operator=(const GatheredSends&) = delete;
};

}  // namespace tokenbroker::rpc
