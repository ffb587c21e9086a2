#include "server/config/settings.h"

#include "base/contract_limits.h"
#include "server/config/setting_kinds.h"

namespace tokenbroker {
namespace {

using namespace units;
using namespace setting_kinds;

// Reaches a field in a const and in a mutable Config alike.
#define TB_FIELD(path) \
  [](auto& config) -> auto& { return config.path; }

constexpr int64_t kMany = 1'000'000'000;
constexpr int64_t kTiB = 1'024 * kGiB;
constexpr DurationMs kLeastTime = 100;

void AddFileDrop(std::vector<Setting>& all) {
  all.push_back(Path("file_drop.folder", TB_FIELD(file_drop.folder),
                     "Files of outcomes that are put into this folder are settled; see file-drop.md. Whoever can write "
                     "there can settle. Outside storage.path. Empty: none is watched."));
  all.push_back(Name("file_drop.namespace", TB_FIELD(file_drop.name_space), false,
                     "The one namespace in which files may settle by key or id; rows with a token need no right."));
  all.push_back(Name("file_drop.name", TB_FIELD(file_drop.name), false,
                     "Who settles: files is recorded in Outcome.resolved_by as drop:files."));
  all.push_back(
      Duration("file_drop.interval", TB_FIELD(file_drop.interval), 10, kHour, "How often the folder is looked into."));
  all.push_back(Duration("file_drop.settle_time", TB_FIELD(file_drop.settle_time), 0, kDay,
                         "A file is taken when it has not changed for this long and nobody has it open for writing."));
  all.push_back(Size("file_drop.max_file_size", TB_FIELD(file_drop.max_file_size), kKiB, kTiB,
                     "A larger file goes to failed/ unread."));
}

void AddGrpc(std::vector<Setting>& all) {
  all.push_back(
      Address("grpc.listen", TB_FIELD(grpc.listen), false, "Where the gRPC door listens. Port 0: any free one."));
  all.push_back(Count(
      "grpc.max_concurrent_streams", TB_FIELD(grpc.max_concurrent_streams), 1, 1'000'000,
      "Calls under way at once on one connection, waits and watches among them; further ones wait at the caller."));
  all.push_back(
      Size("grpc.max_message_size", TB_FIELD(grpc.max_message_size), 64 * kKiB, 64 * kMiB,
           "The largest request that is read. Must hold tasks.max_input and tasks.max_output with 64KiB to spare."));
  all.push_back(Duration("grpc.max_connection_age", TB_FIELD(grpc.max_connection_age), kSecond, 366 * kDay,
                         "Connections older than this are asked to reconnect, so that callers behind a load balancer "
                         "spread again. Calls under way end first.",
                         "no limit"));
  all.push_back(Duration("grpc.keepalive_time", TB_FIELD(grpc.keepalive_time), kSecond, kDay,
                         "An idle connection is asked for a sign of life after this time."));
  all.push_back(Duration("grpc.keepalive_timeout", TB_FIELD(grpc.keepalive_timeout), kSecond, kHour,
                         "Without a sign of life for this long after being asked, the connection is closed."));
  all.push_back(Duration("grpc.keepalive_min_client_interval", TB_FIELD(grpc.keepalive_min_client_interval), kSecond,
                         kHour, "Callers that ask for signs of life more often than this are disconnected."));
  all.push_back(Bool("grpc.reflection", TB_FIELD(grpc.reflection), "Lets tools such as grpcurl ask for the contract."));
}

void AddAdmin(std::vector<Setting>& all) {
  all.push_back(Address("admin.listen", TB_FIELD(admin.listen), true,
                        "Where /livez, /readyz, /metrics and /version are served, as plain HTTP. They tell no secrets, "
                        "but whoever reaches the port can read them."));
}

void AddHttp(std::vector<Setting>& all) {
  all.push_back(Address("http.listen", TB_FIELD(http.listen), true,
                        "Where the HTTP door listens: the contract as REST, /openapi.json, the AWS wire, and callback "
                        "URLs. Uses the same tls.* as gRPC."));
  all.push_back(Count("http.threads", TB_FIELD(http.threads), 1, 64, "Threads that serve connections."));
  all.push_back(Count("http.max_connections", TB_FIELD(http.max_connections), 1, 1'000'000,
                      "Connections at once. The next one closes the longest idle one, with several http.threads of "
                      "the first's; if none is idle it is answered 503, or just closed if it comes with TLS. The "
                      "process needs so many file descriptors (`ulimit -n`) and a few hundred more."));
  all.push_back(Count("http.max_requests_per_connection", TB_FIELD(http.max_requests_per_connection), 1, kMany,
                      "Then a connection closes, so that callers behind a load balancer spread again."));
  all.push_back(Size("http.max_target_size", TB_FIELD(http.max_target_size), kKiB, kMiB,
                     "The longest path with its query: 414 beyond it. A token in a path needs 2KiB, percent-encoded "
                     "6KiB."));
  all.push_back(Size("http.max_header_size", TB_FIELD(http.max_header_size), 2 * kKiB, 4 * kMiB,
                     "The largest head of a request, its first line included: 431 beyond it."));
  all.push_back(Count("http.max_header_count", TB_FIELD(http.max_header_count), 10, 10'000,
                      "Header fields of a request: 431 beyond it."));
  all.push_back(
      Size("http.max_body_size", TB_FIELD(http.max_body_size), 64 * kKiB, 64 * kMiB,
           "The largest body of a request, as it was sent and unpacked: 413 beyond it; streams have no bound. "
           "Must hold tasks.max_input and tasks.max_output with 64KiB to spare. The AWS wire takes 8MiB at "
           "most."));
  all.push_back(Size("http.bodies_memory", TB_FIELD(http.bodies_memory), kMiB, kTiB,
                     "Memory for all bodies that are being received, and 45KiB for each that comes as gzip, together: "
                     "503 beyond it."));
  all.push_back(Size("http.stream_backlog", TB_FIELD(http.stream_backlog), 64 * kKiB, kGiB,
                     "What may wait for the slow reader of a stream when one more message is written; beyond it the "
                     "connection ends. One message may be larger: it is sent as fast as it is read."));
}

void AddHttpTimes(std::vector<Setting>& all) {
  all.push_back(Duration("http.handshake_timeout", TB_FIELD(http.handshake_timeout), kLeastTime, kHour,
                         "For the TLS handshake."));
  all.push_back(Duration("http.header_timeout", TB_FIELD(http.header_timeout), kLeastTime, kHour,
                         "From the first byte of a request's head to its last: 408 beyond it."));
  all.push_back(Duration("http.body_timeout", TB_FIELD(http.body_timeout), kLeastTime, kHour,
                         "For a request's body, and a second more for each http.min_body_rate of it: 408 beyond it."));
  all.push_back(Size("http.min_body_rate", TB_FIELD(http.min_body_rate), 1, kGiB,
                     "Bytes a second at which a body must come at least."));
  all.push_back(Duration("http.stream_timeout", TB_FIELD(http.stream_timeout), kLeastTime, kDay,
                         "A streamed request may stand still for so long."));
  all.push_back(Duration("http.idle_timeout", TB_FIELD(http.idle_timeout), kLeastTime, kDay,
                         "A connection without a request is closed after this time. More than what a load balancer in "
                         "front keeps its own connections for."));
  all.push_back(
      Duration("http.write_timeout", TB_FIELD(http.write_timeout), kLeastTime, kHour,
               "A caller that takes no byte of its answer for so long is disconnected. So is one that takes longer for "
               "all that waits for it than this and a second for each KiB."));
}

void AddBrowsers(std::vector<Setting>& all) {
  all.push_back(
      List("http.cors.origins", "list of origins, or *", TB_FIELD(http.cors.origins), CheckOriginOrAll,
           "Sites whose pages browsers let call the HTTP door, and which may change things there. With "
           "auth.mode open, * lets every page that somebody opens on this network do everything. Empty: none."));
  all.push_back(
      Duration("http.cors.max_age", TB_FIELD(http.cors.max_age), 0, kDay, "How long browsers remember that."));
  all.push_back(List("callbacks.origins", "list of origins", TB_FIELD(callbacks.origins), CheckOrigin,
                     "Where callback pages are seen from outside, for proxies that change Host: forms that a browser "
                     "sends from there are taken."));
  all.push_back(
      List("callbacks.show_input", "list of namespaces, or *", TB_FIELD(callbacks.show_input), CheckNamespaceOrAll,
           "Where callback pages show a task's input to holders of a token that may read. Elsewhere the label "
           "tokenbroker/show-input of a task decides."));
}

void AddStorage(std::vector<Setting>& all) {
  all.push_back(
      Path("storage.path", TB_FIELD(storage.path),
           "The folder of the store; made if it is not there. Required by `serve` with the rocksdb backend."));
  all.push_back(
      Choice("storage.backend", TB_FIELD(storage.backend),
             Choices<StorageBackend>{{"rocksdb", StorageBackend::kRocksDb}, {"memory", StorageBackend::kMemory}},
             "memory keeps nothing across a restart."));
  all.push_back(Path("storage.backup_root", TB_FIELD(storage.backup_root),
                     "Backups may be written below this folder only; an absolute path outside storage.path. Empty: no "
                     "backups."));
  all.push_back(
      Count("storage.checkpoint_entries", TB_FIELD(storage.checkpoint_entries), 1'000, kMany,
            "A checkpoint is written after this many changes. A restart replays what came after the last one."));
  all.push_back(Duration("storage.checkpoint_interval", TB_FIELD(storage.checkpoint_interval), kSecond, kDay,
                         "A checkpoint is written after this time, if anything changed."));
  all.push_back(Duration("retention.resolved", TB_FIELD(retention.resolved), kMinute, 3'660 * kDay,
                         "How long ended tasks are kept and repeated calls are recognised, at least."));
  all.push_back(Duration(
      "retention.hold_after", TB_FIELD(retention.hold_after), kMinute, 366 * kDay,
      "Tasks that still wait in a stretch of the log that old are copied out of it. The stretch goes when it is "
      "older than this and retention.resolved together."));
}

void AddTasksAndLimits(std::vector<Setting>& all) {
  all.push_back(Duration("tasks.default_timeout", TB_FIELD(tasks.default_timeout), kMinTimeout, kMaxTimeout,
                         "The deadline of tasks that are issued without one."));
  all.push_back(Size("tasks.max_output", TB_FIELD(tasks.max_output), kKiB, 4 * kMiB, "The largest output of a task."));
  all.push_back(Size("tasks.max_input", TB_FIELD(tasks.max_input), kKiB, 4 * kMiB, "The largest input of a task."));
  all.push_back(Count("limits.open_tasks_per_namespace", TB_FIELD(limits.open_tasks_per_namespace), 1, kMany,
                      "Open tasks of one namespace; further ones are refused with NAMESPACE_LIMIT."));
  all.push_back(
      Count("limits.parked_per_namespace", TB_FIELD(limits.parked_per_namespace), 0, kMany,
            "Outcomes of one namespace that wait for their task; further ones are refused with NAMESPACE_LIMIT."));
  all.push_back(Size("limits.parked_bytes", TB_FIELD(limits.parked_bytes), 0, kTiB,
                     "Memory for outcomes that wait for their task, of all namespaces together; what does not fit is "
                     "refused with NAMESPACE_LIMIT."));
  all.push_back(Count(
      "limits.namespaces", TB_FIELD(limits.namespaces), 1, 500'000,
      "Namespaces; a task in a further one is refused with NAMESPACE_LIMIT. They stay for good, also without tasks."));
  all.push_back(Count("limits.queue_operations", TB_FIELD(limits.queue_operations), 1'000, 10'000'000,
                      "Operations that wait to be committed; further ones are refused with OVERLOADED."));
  all.push_back(
      Size("limits.queue_bytes", TB_FIELD(limits.queue_bytes), kMiB, kTiB,
           "Payload of the operations that wait to be committed; further ones are refused with OVERLOADED. At least "
           "grpc.max_message_size."));
  all.push_back(Count("limits.queue_reads", TB_FIELD(limits.queue_reads), 100, 1'000'000,
                      "Calls that wait to read the store; further ones are refused with OVERLOADED."));
  all.push_back(Count("limits.awaits", TB_FIELD(limits.awaits), 0, 10'000'000,
                      "Calls that wait for a task or a delivery; further AwaitTask calls are refused with OVERLOADED, "
                      "and outcomes answered without waiting."));
  all.push_back(
      Count("limits.watches", TB_FIELD(limits.watches), 0, 1'000'000,
            "WatchTasks calls under way, over gRPC and over HTTP each; further ones are refused with OVERLOADED."));
  all.push_back(Size(
      "limits.progress_bytes", TB_FIELD(limits.progress_bytes), 0, kTiB,
      "Memory for progress that heartbeats reported. Beyond it beats are still accepted, but their progress is not "
      "kept."));
  all.push_back(
      Size("limits.disk_free_min", TB_FIELD(limits.disk_free_min), 0, 1'024 * kTiB,
           "With less than this free where the store is, less what it has still to write of what it has, new "
           "tasks are refused with DISK_FULL, until a quarter of it more is free; open ones can still be resolved."));
}

void AddForwarding(std::vector<Setting>& all) {
  all.push_back(Name("forwarding.default_target", TB_FIELD(forwarding.default_target), true,
                     "The target of tasks that are issued with an upstream token and name no target. Empty: such "
                     "outcomes are not sent anywhere."));
  all.push_back(Name("forwarding.proxy_target", TB_FIELD(forwarding.proxy_target), true,
                     "A target of kind step_functions: calls of AWS clients for tokens that this broker does not know "
                     "are passed to it unchanged, and answered with its answer. Empty: they are refused."));
  all.push_back(Path("forwarding.ca_file", TB_FIELD(forwarding.ca_file),
                     "PEM, the authorities that targets' certificates are checked against. Empty: the machine's."));
  all.push_back(OriginOrEmpty("forwarding.http_proxy", TB_FIELD(forwarding.http_proxy),
                              "The proxy through which AWS is called, as in http://proxy.internal:3128. Not for this "
                              "machine, clouds' credential endpoints and webhooks. Empty: none; the environment's "
                              "variables are not looked at."));
  all.push_back(Duration("forwarding.max_age", TB_FIELD(forwarding.max_age), kMinute, 366 * kDay,
                         "An outcome that could not be delivered for so long becomes a dead letter. What a target "
                         "throttles, or what waits for an operator, does not."));
  all.push_back(Duration("forwarding.backoff_base", TB_FIELD(forwarding.backoff_base), 10, kHour,
                         "Until the second try at most; doubles with each. Of every wait a random part is taken."));
  all.push_back(Duration("forwarding.backoff_max", TB_FIELD(forwarding.backoff_max), 10, kDay,
                         "The longest wait between two tries, but for what the target itself asks for."));
  all.push_back(Duration("forwarding.operator_backoff_max", TB_FIELD(forwarding.operator_backoff_max), kSecond, kDay,
                         "The same while rights, keys or settings are wrong: until somebody mends them."));
  all.push_back(Duration("forwarding.answer_within", TB_FIELD(forwarding.answer_within), kSecond, kHour,
                         "A try that a target has not answered for so long counts as failed; the outcome may have "
                         "arrived."));
}

void AddSecurity(std::vector<Setting>& all) {
  all.push_back(Path("tls.certificate_file", TB_FIELD(tls.certificate_file),
                     "PEM, the chain that callers are shown. Set together with tls.key_file. Empty: no TLS."));
  all.push_back(Path("tls.key_file", TB_FIELD(tls.key_file), "PEM, the certificate's private key."));
  all.push_back(Path("tls.client_ca_file", TB_FIELD(tls.client_ca_file),
                     "PEM, who may sign callers' certificates. Empty: callers are not asked for one."));
  all.push_back(Bool("tls.require_client_certificate", TB_FIELD(tls.require_client_certificate),
                     "Refuses callers without a certificate by tls.client_ca_file in the handshake."));
  all.push_back(
      Duration("tls.reload_interval", TB_FIELD(tls.reload_interval), kSecond, kDay,
               "How often the TLS files are looked at. Replace them by renaming. Certificate and key are loaded as a "
               "pair: while they do not fit each other the old pair stays in use."));
  all.push_back(Choice(
      "auth.mode", TB_FIELD(auth.mode), Choices<AuthMode>{{"open", AuthMode::kOpen}, {"keys", AuthMode::kKeys}},
      "open: everybody may do everything. keys: callers are known by auth.keys, auth.certificates and auth.aws_keys."));
  all.push_back(
      Path("tokens.key_file", TB_FIELD(tokens.key_file),
           "The secrets that tokens are made with; made at the first start. Empty: token-keys.json in "
           "storage.path. Whoever has it can forge tokens. Back it up with the data: where there are tasks, the broker "
           "does not start without it."));
  all.push_back(Bool("insecure.allow_public_without_tls", TB_FIELD(insecure.allow_public_without_tls),
                     "Lets the doors listen beyond this machine without TLS or without keys. For networks that you "
                     "trust as much as the machine itself."));
}

void AddOperations(std::vector<Setting>& all) {
  all.push_back(
      Choice("log.format", TB_FIELD(log.format),
             Choices<LogStyle>{{"auto", LogStyle::kAuto}, {"json", LogStyle::kJson}, {"text", LogStyle::kText}},
             "How log lines on the standard error stream look; auto is text on a terminal and json elsewhere."));
  all.push_back(Choice(
      "log.level", TB_FIELD(log.level),
      Choices<Level>{
          {"debug", Level::kDebug}, {"info", Level::kInfo}, {"warning", Level::kWarning}, {"error", Level::kError}},
      "The least level that is logged."));
  all.push_back(Duration("drain.timeout", TB_FIELD(drain.timeout), 0, kHour,
                         "After SIGTERM, calls, deliveries and intakes under way have this long to end, all together. "
                         "Give the process a few seconds more."));
  all.push_back(Path("ports_file", TB_FIELD(ports_file),
                     "Once the doors are open, their ports are written here: "
                     "`{\"grpc\":7433,\"http\":8433,\"admin\":9433}`, 0 for a door that "
                     "is off. For scripts that listen on port 0."));
}

#undef TB_FIELD

}  // namespace

const std::vector<Setting>& Settings() {
  static const auto* const settings = [] {
    auto* all = new std::vector<Setting>;
    AddGrpc(*all);
    AddHttp(*all);
    AddHttpTimes(*all);
    AddBrowsers(*all);
    AddFileDrop(*all);
    AddAdmin(*all);
    AddStorage(*all);
    AddTasksAndLimits(*all);
    AddForwarding(*all);
    AddSecurity(*all);
    AddOperations(*all);
    return all;
  }();
  return *settings;
}

const Setting* FindSetting(std::string_view name) {
  for (const Setting& setting : Settings()) {
    if (setting.name == name) return &setting;
  }
  return nullptr;
}

}  // namespace tokenbroker
