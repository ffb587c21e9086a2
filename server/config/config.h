// Everything that can be set, typed, with its default. settings.cc gives each field its name,
// its limits and its line of documentation; docs/operating.md shows the result.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "server/config/intake.h"
#include "server/telemetry/log.h"

namespace tokenbroker {

namespace units {
inline constexpr DurationMs kSecond = 1'000;
inline constexpr DurationMs kMinute = 60 * kSecond;
inline constexpr DurationMs kHour = 60 * kMinute;
inline constexpr DurationMs kDay = 24 * kHour;
inline constexpr int64_t kKiB = 1'024;
inline constexpr int64_t kMiB = 1'024 * kKiB;
inline constexpr int64_t kGiB = 1'024 * kMiB;
}  // namespace units

enum class StorageBackend : uint8_t { kRocksDb, kMemory };
enum class AuthMode : uint8_t { kOpen, kKeys };
// kAuto: text on a terminal, else JSON.
enum class LogStyle : uint8_t { kAuto, kJson, kText };

// Bits of a set of rights in one namespace; the same bits as broker::Right.
enum Right : uint8_t {
  kIssue = 1,
  kResolve = 2,
  kRead = 4,
  kAdminister = 8,
};
using Rights = uint8_t;

// By namespace; "*" holds in all of them.
using NamespaceRights = std::map<std::string, Rights>;

struct ApiKey {
  // Public: stands in logs and in Outcome.resolved_by as "key:<id>".
  std::string id;
  // SHA-256 of the key. The key itself is known to its holder only.
  std::array<uint8_t, 32> sha256{};
  NamespaceRights namespaces;

  friend bool operator==(const ApiKey&, const ApiKey&) = default;
};

struct CertificateHolder {
  // A DNS name or URI among the certificate's alternative names, or else its common name.
  std::string name;
  NamespaceRights namespaces;

  friend bool operator==(const CertificateHolder&, const CertificateHolder&) = default;
};

// Where a secret is kept: not in the configuration itself, which is printed and logged.
struct SecretSource {
  // One of the two is set, or none if there is no secret.
  std::string file;
  std::string variable;

  bool given() const { return !file.empty() || !variable.empty(); }
  friend bool operator==(const SecretSource&, const SecretSource&) = default;
};

struct AwsKey {
  // Public: stands in logs and in Outcome.resolved_by as "aws:<access_key_id>".
  std::string access_key_id;
  SecretSource secret;
  // Of temporary credentials that somebody else made; mostly there is none.
  SecretSource session_token;
  NamespaceRights namespaces;

  friend bool operator==(const AwsKey&, const AwsKey&) = default;
};

enum class TargetKind : uint8_t { kNone, kWebhook, kStepFunctions, kSubscriber };

// Where outcomes can be sent to.
struct TargetConfig {
  std::string name;
  TargetKind kind = TargetKind::kNone;
  // The kind's own settings, as the file has them; a scalar is a list of one. Whoever makes the target reads them.
  std::map<std::string, std::vector<std::string>> options;

  friend bool operator==(const TargetConfig&, const TargetConfig&) = default;
};

struct ForwardingConfig {
  std::string default_target;
  // Of kind step_functions. Empty: AWS calls for tokens that nobody here knows are refused.
  std::string proxy_target;
  // PEM; empty: the machine's authorities.
  std::string ca_file;
  // Empty: none.
  std::string http_proxy;
  DurationMs max_age = units::kDay;
  DurationMs backoff_base = units::kSecond;
  DurationMs backoff_max = 5 * units::kMinute;
  DurationMs operator_backoff_max = 10 * units::kMinute;
  DurationMs answer_within = 5 * units::kMinute;
};

struct GrpcConfig {
  std::string listen = "127.0.0.1:7433";
  int64_t max_concurrent_streams = 1'000;
  int64_t max_message_size = 8 * units::kMiB;
  DurationMs max_connection_age = 0;
  DurationMs keepalive_time = units::kMinute;
  DurationMs keepalive_timeout = 20 * units::kSecond;
  DurationMs keepalive_min_client_interval = 10 * units::kSecond;
  bool reflection = true;
};

// Pages of other sites that browsers let call the HTTP door.
struct CorsConfig {
  // "https://console.example", or "*" for all. None: no answer has a CORS header.
  std::vector<std::string> origins;
  DurationMs max_age = 10 * units::kMinute;
};

// Its defaults are those of server/http/options.h, which says what each bound is for.
struct HttpConfig {
  std::string listen = "127.0.0.1:8433";
  int64_t threads = 1;
  int64_t max_connections = 15'000;
  int64_t max_requests_per_connection = 1'000'000;
  int64_t max_target_size = 8 * units::kKiB;
  int64_t max_header_size = 16 * units::kKiB;
  int64_t max_header_count = 100;
  int64_t max_body_size = 8 * units::kMiB;
  int64_t bodies_memory = 256 * units::kMiB;
  int64_t stream_backlog = units::kMiB;
  DurationMs handshake_timeout = 10 * units::kSecond;
  DurationMs header_timeout = 10 * units::kSecond;
  DurationMs body_timeout = 10 * units::kSecond;
  int64_t min_body_rate = units::kKiB;
  DurationMs stream_timeout = units::kMinute;
  DurationMs idle_timeout = 75 * units::kSecond;
  DurationMs write_timeout = 30 * units::kSecond;
  CorsConfig cors;
};

struct CallbacksConfig {
  // Of our pages, besides the host that was asked: "https://approve.example".
  std::vector<std::string> origins;
  // Namespaces, or "*".
  std::vector<std::string> show_input;
};

struct FileDropConfig {
  // Empty: no file drop.
  std::string folder;
  std::string name_space = "default";
  std::string name = "files";
  DurationMs interval = units::kSecond;
  DurationMs settle_time = 2 * units::kSecond;
  int64_t max_file_size = units::kGiB;
};

struct AdminConfig {
  std::string listen = "127.0.0.1:9433";
};

struct StorageConfig {
  std::string path;
  StorageBackend backend = StorageBackend::kRocksDb;
  std::string backup_root;
  int64_t checkpoint_entries = 1'000'000;
  DurationMs checkpoint_interval = 10 * units::kMinute;
};

struct RetentionConfig {
  DurationMs resolved = 7 * units::kDay;
  DurationMs hold_after = units::kHour;
};

struct TasksConfig {
  DurationMs default_timeout = 7 * units::kDay;
  int64_t max_output = 256 * units::kKiB;
  int64_t max_input = 256 * units::kKiB;
};

struct LimitsConfig {
  int64_t open_tasks_per_namespace = 20'000'000;
  int64_t parked_per_namespace = 10'000;
  int64_t parked_bytes = 256 * units::kMiB;
  int64_t namespaces = 10'000;
  int64_t queue_operations = 65'536;
  int64_t queue_bytes = 256 * units::kMiB;
  int64_t queue_reads = 10'000;
  int64_t awaits = 100'000;
  int64_t watches = 1'000;
  int64_t progress_bytes = 64 * units::kMiB;
  int64_t disk_free_min = units::kGiB;
};

struct TlsConfig {
  std::string certificate_file;
  std::string key_file;
  std::string client_ca_file;
  bool require_client_certificate = false;
  DurationMs reload_interval = units::kMinute;

  bool enabled() const { return !certificate_file.empty(); }
};

struct AuthConfig {
  AuthMode mode = AuthMode::kOpen;
  std::vector<ApiKey> keys;
  std::vector<CertificateHolder> certificates;
  std::vector<AwsKey> aws_keys;

  // Whether anybody is known by name.
  bool names_anybody() const { return !keys.empty() || !certificates.empty() || !aws_keys.empty(); }
};

struct TokensConfig {
  // Empty: token-keys.json in storage.path.
  std::string key_file;
};

struct LogConfig {
  LogStyle format = LogStyle::kAuto;
  Level level = Level::kInfo;
};

struct DrainConfig {
  DurationMs timeout = 25 * units::kSecond;
};

struct InsecureConfig {
  bool allow_public_without_tls = false;
};

struct Config {
  GrpcConfig grpc;
  HttpConfig http;
  CallbacksConfig callbacks;
  FileDropConfig file_drop;
  AdminConfig admin;
  StorageConfig storage;
  RetentionConfig retention;
  TasksConfig tasks;
  LimitsConfig limits;
  ForwardingConfig forwarding;
  // In the order of the file.
  std::vector<TargetConfig> targets;
  TlsConfig tls;
  AuthConfig auth;
  IntakeConfig intake;
  TokensConfig tokens;
  LogConfig log;
  DrainConfig drain;
  InsecureConfig insecure;
  std::string ports_file;
};

}  // namespace tokenbroker
