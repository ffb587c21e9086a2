#pragma once

namespace tokenbroker::benchmarks {

// A TCP connection to a port of this machine, whose owner closes it; small writes leave at once. -1, and errno, if
// there is none.
int ConnectToLoopback(int port);

}  // namespace tokenbroker::benchmarks
