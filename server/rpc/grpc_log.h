// What gRPC itself has to say: into our log, as events `grpc_message`, and not as lines of its own between them.
#pragma once

namespace tokenbroker::rpc {

// Holds for the whole process; before gRPC is used. Callers can make gRPC speak (a handshake that fails, a content type
// that is none), as often as they like: of each place in its sources, one message is written per interval.
void TakeOverGrpcLog();

}  // namespace tokenbroker::rpc
