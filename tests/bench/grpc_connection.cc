#include "tests/bench/grpc_connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "tests/bench/loopback.h"

namespace tokenbroker::benchmarks {
namespace {

constexpr size_t kReadAtOnce = 256 * 1024;
// Large, so that flow control stays out of what is measured.
constexpr int32_t kWindow = 64 << 20;
// A byte for compression and four for the length stand before each message (gRPC over HTTP/2, Length-Prefixed-Message).
constexpr size_t kPrefix = 5;

int Connect(const std::string& target) {
  const int connection = ConnectToLoopback(std::stoi(target.substr(target.rfind(':') + 1)));
  if (connection < 0) throw std::runtime_error("nobody listens on " + target);
  fcntl(connection, F_SETFL, O_NONBLOCK);
  return connection;
}

nghttp2_nv Header(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

GrpcCall* CallOf(nghttp2_session* session, int32_t stream) {
  return static_cast<GrpcCall*>(nghttp2_session_get_stream_user_data(session, stream));
}

grpc::Status Unreadable() { return {grpc::StatusCode::INTERNAL, "the answer cannot be read"}; }

std::string_view View(const uint8_t* data, size_t size) { return {reinterpret_cast<const char*>(data), size}; }

}  // namespace

uint8_t* GrpcCall::Frame(size_t size) {
  request.resize(kPrefix + size);
  const uint32_t length = htonl(static_cast<uint32_t>(size));
  request[0] = 0;
  std::memcpy(&request[1], &length, sizeof length);
  return reinterpret_cast<uint8_t*>(&request[kPrefix]);
}

void GrpcCall::SetRequest(const google::protobuf::MessageLite& message) {
  message.SerializeWithCachedSizesToArray(Frame(message.ByteSizeLong()));
}

void GrpcCall::SetRequest(std::string_view message) {
  std::memcpy(Frame(message.size()), message.data(), message.size());
}

grpc::Status GrpcCall::GetResponse(std::string_view& message) const {
  if (code != 0) return {static_cast<grpc::StatusCode>(code), error};
  if (response.size() < kPrefix || response[0] != 0) return Unreadable();
  message = std::string_view(response).substr(kPrefix);
  return grpc::Status();
}

grpc::Status GrpcCall::GetResponse(google::protobuf::MessageLite& message) const {
  std::string_view bytes;
  grpc::Status status = GetResponse(bytes);
  if (!status.ok()) return status;
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ? status : Unreadable();
}

GrpcConnection::GrpcConnection(const std::string& target, std::function<void(GrpcCall&)> on_end)
    : target_(target), on_end_(std::move(on_end)), socket_(Connect(target)), in_(new uint8_t[kReadAtOnce]) {
  MakeSession();
}

GrpcConnection::~GrpcConnection() {
  nghttp2_session_del(session_);
  close(socket_);
}

void GrpcConnection::MakeSession() {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, OnHeader);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, OnData);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, OnClose);
  nghttp2_session_client_new(&session_, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                             {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindow}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kWindow);
}

void GrpcConnection::Start(std::string_view method, GrpcCall& call) {
  call.sent = 0;
  call.response.clear();
  call.code = static_cast<int>(grpc::StatusCode::UNKNOWN);
  call.error = "the call ended without a status";
  const nghttp2_nv headers[] = {Header(":method", "POST"), Header(":scheme", "http"),
                                Header(":path", method),   Header(":authority", target_),
                                Header("te", "trailers"),  Header("content-type", "application/grpc")};
  nghttp2_data_provider body{};
  body.source.ptr = &call;
  body.read_callback = OnRead;
  if (nghttp2_submit_request(session_, nullptr, headers, std::size(headers), &body, &call) < 0) {
    throw std::runtime_error("a call cannot be started");
  }
}

void GrpcConnection::Flush() {
  const uint8_t* data = nullptr;
  while (const ssize_t size = nghttp2_session_mem_send(session_, &data)) {
    if (size < 0) throw std::runtime_error(nghttp2_strerror(static_cast<int>(size)));
    out_.append(reinterpret_cast<const char*>(data), size);
  }
  if (out_.empty()) return;
  const ssize_t sent = send(socket_, out_.data(), out_.size(), MSG_NOSIGNAL);
  if (sent > 0) out_.erase(0, sent);
}

void GrpcConnection::Receive() {
  for (;;) {
    const ssize_t size = recv(socket_, in_.get(), kReadAtOnce, 0);
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) throw std::runtime_error("the server has closed the connection");
    const ssize_t taken = nghttp2_session_mem_recv(session_, in_.get(), size);
    if (taken < 0) throw std::runtime_error(nghttp2_strerror(static_cast<int>(taken)));
    if (size < static_cast<ssize_t>(kReadAtOnce)) return;
  }
}

ssize_t GrpcConnection::OnRead(nghttp2_session*, int32_t, uint8_t* buffer, size_t size, uint32_t* flags,
                               nghttp2_data_source* source, void*) {
  GrpcCall& call = *static_cast<GrpcCall*>(source->ptr);
  const size_t count = std::min(size, call.request.size() - call.sent);
  std::memcpy(buffer, call.request.data() + call.sent, count);
  call.sent += count;
  if (call.sent == call.request.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(count);
}

int GrpcConnection::OnHeader(nghttp2_session* session, const nghttp2_frame* frame, const uint8_t* name,
                             size_t name_size, const uint8_t* value, size_t value_size, uint8_t, void*) {
  GrpcCall* const call = CallOf(session, frame->hd.stream_id);
  if (call == nullptr) return 0;
  const std::string_view key = View(name, name_size);
  if (key == "grpc-status") {
    call->code = std::atoi(std::string(View(value, value_size)).c_str());
    if (call->code == 0) call->error.clear();
  } else if (key == "grpc-message") {
    call->error = View(value, value_size);
  }
  return 0;
}

int GrpcConnection::OnData(nghttp2_session* session, uint8_t, int32_t stream, const uint8_t* data, size_t size, void*) {
  if (GrpcCall* const call = CallOf(session, stream)) call->response.append(View(data, size));
  return 0;
}

int GrpcConnection::OnClose(nghttp2_session* session, int32_t stream, uint32_t, void* self) {
  if (GrpcCall* const call = CallOf(session, stream)) static_cast<GrpcConnection*>(self)->on_end_(*call);
  return 0;
}

}  // namespace tokenbroker::benchmarks
