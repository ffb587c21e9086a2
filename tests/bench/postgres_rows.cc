// What a careful team builds without a broker: a table of tokens and a table of outcomes in PostgreSQL, asked by
// prepared statements over a local socket, with no service in front. pgbench makes the load; fsync is on, the settings
// are PostgreSQL's own but for more buffers.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <regex>
#include <stdexcept>
#include <thread>

#include "tests/bench/bench.h"
#include "tests/testing/child_process.h"
#include "tests/testing/temp_folder.h"
#include "tests/testing/text_file.h"

namespace tokenbroker::benchmarks {
namespace {

constexpr char kPrograms[] = "/usr/lib/postgresql/15/bin/";
constexpr int kUnaryClients = 64;
constexpr int kBatchClients = 2;
constexpr int kRows = 500;

constexpr char kSchema[] = R"(
CREATE TABLE tokens (id bigserial PRIMARY KEY, token text NOT NULL, state smallint NOT NULL DEFAULT 1, request_id text NOT NULL,
                     input text NOT NULL, deadline timestamptz NOT NULL);
CREATE UNIQUE INDEX ON tokens (request_id);
CREATE TABLE outbox (id bigserial PRIMARY KEY, token_id bigint NOT NULL, output text NOT NULL);
CREATE SEQUENCE requests;
CREATE SEQUENCE resolved;
)";
constexpr char kColumns[] = "INSERT INTO tokens (token, request_id, input, deadline) ";
constexpr char kValues[] =
    "repeat('t', 40), 'bench-' || nextval('requests'), '{\"order\":\"' || repeat('x', 88) || '\"}', now() + interval "
    "'1 hour'";

std::string InsertOne() { return std::string(kColumns) + "VALUES (" + kValues + ") RETURNING id;\n"; }
std::string InsertMany(int rows) {
  return std::string(kColumns) + "SELECT " + kValues + " FROM generate_series(1, " + std::to_string(rows) + ");\n";
}
// Compare-and-set, and the outcome into the outbox, in one statement.
std::string Resolve(const std::string& condition) {
  return "WITH done AS (UPDATE tokens SET state = 2 WHERE " + condition +
         " AND state = 1 RETURNING id) INSERT INTO outbox (token_id, output) "
         "SELECT id, '{\"approved\": true, \"by\": \"bench\"}' FROM done;\n";
}
std::string ResolveOne() { return "SELECT nextval('resolved') AS task \\gset\n" + Resolve("id = :task"); }
std::string ResolveMany() {
  return "SELECT nextval('resolved') * " + std::to_string(kRows) + " AS task \\gset\n" +
         Resolve("id > :task AND id <= :task + " + std::to_string(kRows));
}

class Cluster {
 public:
  explicit Cluster(const Options& options) : folder_(options.folder) {
    // PostgreSQL refuses to be root; its package made a user.
    if (geteuid() == 0) {
      user_ = "postgres";
      std::filesystem::permissions(folder_.path(), std::filesystem::perms::all);
    }
    Must({Program("initdb"), "-D", data(), "-A", "trust", "-U", "bench", "--no-sync"}, 120);
    server_ = Start(
        {Program("postgres"), "-D", data(), "-k", folder_.path(), "-c", "listen_addresses=", "-c", "fsync=on", "-c",
         "synchronous_commit=on", "-c", "shared_buffers=512MB", "-c", "max_wal_size=8GB", "-c", "max_connections=100"},
        log());
    for (int i = 0; i < 300 && !EndsWell({Program("pg_isready"), "-q", "-h", folder_.path()}, log(), 10); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    Sql(kSchema);
  }
  ~Cluster() { server_->Stop(SIGINT); }

  void Sql(const std::string& text) {
    Must({Program("psql"), "-q", "-v", "ON_ERROR_STOP=1", "-h", folder_.path(), "-U", "bench", "-d", "postgres", "-f",
          Written("sql", text)},
         300);
  }

  // Statements a second.
  double Load(const std::string& script, int clients, Seconds time) {
    const std::string output = folder_.path() + "/pgbench.out";
    std::filesystem::remove(output);
    const bool done = EndsWell(
        {Program("pgbench"), "-n", "-M", "prepared", "-h", folder_.path(), "-U", "bench", "-c", std::to_string(clients),
         "-j", "1", "-T", std::to_string(static_cast<int>(time.count())), "-f", Written("script", script), "postgres"},
        output, time.count() + 120);
    if (!done) throw std::runtime_error("pgbench failed: " + testing::ReadFileOr(output, ""));
    const std::string said = testing::ReadFileOr(output, "");
    std::smatch match;
    if (!std::regex_search(said, match, std::regex("tps = ([0-9.]+)")))
      throw std::runtime_error("pgbench said: " + said);
    return std::stod(match[1]);
  }

 private:
  static std::string Program(const char* name) { return kPrograms + std::string(name); }
  std::string data() const { return folder_.path() + "/pg"; }
  std::string log() const { return folder_.path() + "/pg.log"; }

  std::string Written(const char* name, const std::string& text) {
    const std::string path = folder_.path() + "/" + name;
    std::ofstream(path) << text;
    return path;
  }
  // PostgreSQL tidies up when it is asked to end; killed, it leaves its memory behind.
  std::unique_ptr<testing::ChildProcess> Start(const std::vector<std::string>& command, const std::string& log) {
    return testing::ChildProcess::Start({command, log, {}, user_, SIGTERM}).value();
  }
  bool EndsWell(const std::vector<std::string>& command, const std::string& log, double seconds) {
    return Start(command, log)->WaitForEnd(static_cast<DurationMs>(seconds * 1000)) == 0;
  }
  void Must(const std::vector<std::string>& command, double seconds) {
    if (!EndsWell(command, log(), seconds))
      throw std::runtime_error(command[0] + " failed:\n" + testing::ReadFileOr(log(), ""));
  }

  testing::TempFolder folder_;
  std::string user_;
  std::unique_ptr<testing::ChildProcess> server_;
};

class Rows {
 public:
  explicit Rows(Bench& bench)
      : bench_(bench), time_(std::max(Seconds(3), bench.options.run)), cluster_(bench.options) {}

  void Measure() {
    const double one = cluster_.Load(InsertOne(), kUnaryClients, time_);
    Add("P1.postgres", "P1 beside one-row inserts, 64 clients", bench_.measured.issue, one);
    const double many = kRows * cluster_.Load(InsertMany(kRows), kBatchClients, time_);
    Add("P2.postgres", "P2 beside 500-row inserts", bench_.measured.batch_issue, many);
    const double settled = cluster_.Load(ResolveOne(), kUnaryClients, time_);
    Add("P3.postgres", "P3 beside compare-and-set with outbox", bench_.measured.resolve, settled);
    // The statement finds each row once: rows that ResolveOne did not reach, as many as could be needed.
    cluster_.Sql("SELECT setval('resolved', (SELECT last_value FROM resolved) / 500 + 1);" + InsertMany(kSpareRows));
    const double settled_many = kRows * cluster_.Load(ResolveMany(), kBatchClients, time_);
    Add("P3b.postgres", "P3b beside 500-row compare-and-set", bench_.measured.batch_resolve, settled_many);
  }

 private:
  static constexpr int kSpareRows = 2'000'000;

  void Add(const char* id, const char* name, double value, double baseline) {
    if (value == 0) return;
    bench_.report.Add({id, name, value, "tasks/s", baseline, "PostgreSQL 15", Must::kNone, 0});
  }

  Bench& bench_;
  const Seconds time_;
  Cluster cluster_;
};

}  // namespace

void MeasurePostgres(Bench& bench) {
  if (!std::filesystem::exists(std::string(kPrograms) + "pgbench")) {
    return bench.report.Skip("P1.postgres", "beside PostgreSQL 15", "the package postgresql-15 is not installed");
  }
  Rows(bench).Measure();
}

}  // namespace tokenbroker::benchmarks
