#include "server/web/http_options.h"

namespace tokenbroker::web {
namespace {

http::Limits LimitsOf(const HttpConfig& config) {
  http::Limits limits;
  limits.header_bytes = config.max_header_size;
  limits.header_count = config.max_header_count;
  limits.target_bytes = config.max_target_size;
  limits.body_bytes = config.max_body_size;
  limits.gathered_bytes = config.bodies_memory;
  limits.stream_backlog_bytes = config.stream_backlog;
  limits.handshake_time = config.handshake_timeout;
  limits.header_time = config.header_timeout;
  limits.body_grace = config.body_timeout;
  limits.body_rate = config.min_body_rate;
  limits.stream_idle_time = config.stream_timeout;
  limits.idle_time = config.idle_timeout;
  limits.write_stall_time = config.write_timeout;
  limits.connections = static_cast<int>(config.max_connections);
  limits.requests_per_connection = config.max_requests_per_connection;
  return limits;
}

}  // namespace

http::ServerOptions OptionsOf(const HttpConfig& config, const TlsConfig& tls) {
  http::ServerOptions options;
  options.listen = config.listen;
  options.threads = static_cast<int>(config.threads);
  options.limits = LimitsOf(config);
  options.tls = {tls.certificate_file, tls.key_file, tls.client_ca_file, tls.require_client_certificate,
                 tls.reload_interval};
  options.cors.allowed_origins = config.cors.origins;
  options.cors.max_age = config.cors.max_age;
  return options;
}

}  // namespace tokenbroker::web
