#include "storage/rocksdb/database.h"

#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "rocksdb/listener.h"
#include "storage/rocksdb/checksum.h"
#include "storage/rocksdb/status.h"
#include "storage/rocksdb/zeroed_logs.h"

namespace tokenbroker::storage {
namespace {

// The manifest grows when files come and go.
class ManifestListener : public rocksdb::EventListener {
 public:
  explicit ManifestListener(std::shared_ptr<Witness> witness) : witness_(std::move(witness)) {}

  void OnFlushCompleted(rocksdb::DB* db, const rocksdb::FlushJobInfo&) override { NoteManifest(*db, *witness_); }
  void OnCompactionCompleted(rocksdb::DB* db, const rocksdb::CompactionJobInfo&) override {
    NoteManifest(*db, *witness_);
  }

 private:
  std::shared_ptr<Witness> witness_;
};

// With a wrong one every file would look damaged, and every new one would be.
absl::Status TryChecksum() {
  constexpr std::string_view kCheck = "123456789";  // and its answer: RFC 3720 names the polynomial
  constexpr uint32_t kAnswer = 0xe3069283;
  if (RocksDbChecksum()(0, kCheck.data(), kCheck.size()) == kAnswer) return absl::OkStatus();
  return absl::InternalError("this processor computes CRC-32C wrongly");
}

absl::Status OpenError(const rocksdb::Status& status, const std::string& path) {
  if (status.IsIOError() && absl::StrContains(status.ToString(), "LOCK")) {
    return absl::FailedPreconditionError(
        absl::StrCat("the data folder ", path, " is open in another process: ", status.ToString()));
  }
  return FromRocks(status, absl::StrCat("opening the data folder ", path));
}

}  // namespace

std::unique_ptr<rocksdb::Env> EnvFor(const RocksDbOptions& options) {
  const auto& disk = options.file_system == nullptr ? rocksdb::FileSystem::Default() : options.file_system;
  return rocksdb::NewCompositeEnv(options.sync_writes ? WithZeroedLogs(disk, options.path, options.write_buffer_bytes)
                                                      : disk);
}

void NoteManifest(rocksdb::DB& db, Witness& witness) {
  std::vector<std::string> files;
  uint64_t bytes = 0;
  if (!db.GetLiveFiles(files, &bytes, /*flush_memtable=*/false).ok()) return;
  for (const std::string& file : files) {
    absl::string_view number_text = file;
    if (!absl::ConsumePrefix(&number_text, "/MANIFEST-")) continue;
    uint64_t number = 0;
    std::from_chars(number_text.data(), number_text.data() + number_text.size(), number);
    witness.NoteManifest(number, bytes);
  }
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const RocksDbOptions& options,
                                                         std::shared_ptr<const Floors> floors,
                                                         std::shared_ptr<Witness> witness) {
  TB_RETURN_IF_ERROR(TryChecksum());
  std::unique_ptr<Database> database(new Database());
  const std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  database->env_ = EnvFor(options);
  rocksdb::DBOptions db_options = DatabaseOptions(options);
  db_options.env = database->env_.get();
  db_options.listeners.push_back(std::make_shared<ManifestListener>(std::move(witness)));
  // The names are part of the format. The default family cannot be left out, so it serves.
  const std::vector<rocksdb::ColumnFamilyDescriptor> families = {
      {rocksdb::kDefaultColumnFamilyName, MetaFamilyOptions(cache)},
      {"log", LogFamilyOptions(options, cache)},
      {"index", IndexFamilyOptions(cache, MakeIndexFilter(std::move(floors)))},
      {"held", HeldFamilyOptions(cache)},
      {"open", OpenFamilyOptions(cache)},
  };
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status =
      options.read_only ? rocksdb::DB::OpenForReadOnly(db_options, options.path, families, &database->handles_, &db)
                        : rocksdb::DB::Open(db_options, options.path, families, &database->handles_, &db);
  if (!status.ok()) return OpenError(status, options.path);
  database->db_.reset(db);
  return database;
}

Database::~Database() {
  if (db_ == nullptr) return;
  for (rocksdb::ColumnFamilyHandle* handle : handles_) db_->DestroyColumnFamilyHandle(handle);
  // What it would report is of no use any more: all that was acknowledged is synced.
  db_->Close().PermitUncheckedError();
}

}  // namespace tokenbroker::storage
