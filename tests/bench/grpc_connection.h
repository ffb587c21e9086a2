// A connection that makes unary gRPC calls, many at once, and costs little: the load shares the machine with the
// server, and gRPC's own client takes as much processor time for a call as the server does. HTTP/2 is nghttp2's.
//
// One thread. Nothing is sent before Flush, so that calls that begin together leave together.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "google/protobuf/message_lite.h"
#include "grpcpp/support/status.h"

namespace tokenbroker::benchmarks {

// What one call needs, to be used again when it has ended.
struct GrpcCall {
  // Frames the message. Before Start.
  void SetRequest(const google::protobuf::MessageLite& message);
  void SetRequest(std::string_view message);
  // After the end: the status as the server or the parser has it.
  grpc::Status GetResponse(google::protobuf::MessageLite& message) const;
  // The message's bytes, which live as long as the call.
  grpc::Status GetResponse(std::string_view& message) const;

  // Makes room for a message of so many bytes, behind what frames it.
  uint8_t* Frame(size_t size);

  std::string request;
  size_t sent = 0;
  std::string response;
  int code = 0;
  std::string error;
};

class GrpcConnection {
 public:
  // `on_end` is told, in Receive, of each call that has ended, and may start others. `target` is 127.0.0.1:port.
  // Throws std::runtime_error if nobody listens there.
  GrpcConnection(const std::string& target, std::function<void(GrpcCall&)> on_end);
  ~GrpcConnection();
  GrpcConnection(const GrpcConnection&) = delete;
  GrpcConnection& operator=(const GrpcConnection&) = delete;

  int descriptor() const { return socket_; }
  // Whether the socket takes no more for now: then Flush again when it does.
  bool wants_to_write() const { return !out_.empty(); }

  // `method` is /package.Service/Method. Both live until the call has ended.
  void Start(std::string_view method, GrpcCall& call);
  void Flush();
  // Takes what has arrived; does not wait. Throws std::runtime_error if the server has closed the connection.
  void Receive();

 private:
  static ssize_t OnRead(nghttp2_session*, int32_t stream, uint8_t* buffer, size_t size, uint32_t* flags,
                        nghttp2_data_source* source, void* self);
  static int OnHeader(nghttp2_session* session, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                      const uint8_t* value, size_t value_size, uint8_t flags, void* self);
  static int OnData(nghttp2_session* session, uint8_t flags, int32_t stream, const uint8_t* data, size_t size,
                    void* self);
  static int OnClose(nghttp2_session* session, int32_t stream, uint32_t error, void* self);

  void MakeSession();

  const std::string target_;
  const std::function<void(GrpcCall&)> on_end_;
  const int socket_;
  nghttp2_session* session_ = nullptr;
  std::string out_;  // taken from the session and not sent
  std::unique_ptr<uint8_t[]> in_;
};

}  // namespace tokenbroker::benchmarks
