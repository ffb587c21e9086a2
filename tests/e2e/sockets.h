// Plain sockets, for peers that do not speak gRPC as they should.
#pragma once

#include <string>

namespace tokenbroker::testing {

// What every HTTP/2 connection begins with, and an empty SETTINGS frame.
std::string Http2Preface();
// A frame's header and payload.
std::string Http2Frame(int type, int flags, int stream, const std::string& payload);

// A connection to this machine's port; -1 if there is none. Closed by the caller.
int Connect(int port);
bool SendAll(int socket, const std::string& bytes);
// Reads until the peer closes or `limit_ms` pass. True if it closed.
bool ClosedWithin(int socket, int limit_ms);

// As many files as the machine lets us have.
size_t RaiseFileLimit();

}  // namespace tokenbroker::testing
