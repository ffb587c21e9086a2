#include "server/rpc/server_options.h"

#include <grpcpp/resource_quota.h>

#include <algorithm>
#include <climits>

#include "server/rpc/tls_credentials.h"

namespace tokenbroker::rpc {
namespace {

// Of gRPC's own, for its chores: calls run on our network threads.
constexpr int kMaxThreads = 64;
// What requests may hold in gRPC's buffers, all connections together.
constexpr size_t kBufferBytes = size_t{1} << 30;
constexpr int kMetadataBytes = 8 * 1024;
constexpr int kHandshakeMs = 10'000;
constexpr int kMaxPingStrikes = 2;

int Clamp(int64_t value) { return static_cast<int>(std::clamp<int64_t>(value, 0, INT_MAX)); }

// gRPC 1.51 inflates a message before it looks at its size: a megabyte would become a gigabyte. Calls that come
// compressed are refused instead, as soon as their headers are there.
void RefuseCompression(grpc::ServerBuilder& builder) {
  for (const auto algorithm : {GRPC_COMPRESS_DEFLATE, GRPC_COMPRESS_GZIP}) {
    builder.SetCompressionAlgorithmSupportStatus(algorithm, false);
  }
}

}  // namespace

void SetLimits(const GrpcConfig& config, grpc::ServerBuilder& builder) {
  RefuseCompression(builder);
  builder.SetMaxReceiveMessageSize(Clamp(config.max_message_size));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, Clamp(config.max_concurrent_streams));
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytes);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, Clamp(config.keepalive_time));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Clamp(config.keepalive_timeout));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             Clamp(config.keepalive_min_client_interval));
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, kMaxPingStrikes);
  if (config.max_connection_age > 0) {
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, Clamp(config.max_connection_age));
  }
  // Two brokers on one port would share the callers between them.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  grpc::ResourceQuota quota("tokenbroker");
  quota.Resize(kBufferBytes).SetMaxThreads(kMaxThreads);
  builder.SetResourceQuota(quota);
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeCredentials(const TlsConfig& config) {
  if (!config.enabled()) return grpc::InsecureServerCredentials();
  return TlsCredentials::Load({config.certificate_file, config.key_file, config.client_ca_file,
                               config.require_client_certificate, config.reload_interval});
}

}  // namespace tokenbroker::rpc
