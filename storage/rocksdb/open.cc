// Opening: nothing is served before all that can be checked cheaply was checked.
#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/random.h"
#include "base/status_macros.h"
#include "storage/rocksdb/folder.h"
#include "storage/rocksdb/keys.h"
#include "storage/rocksdb/log_audit.h"
#include "storage/rocksdb/meta.h"
#include "storage/rocksdb/rocksdb_store.h"
#include "storage/rocksdb/spare_log.h"
#include "storage/rocksdb/status.h"
#include "storage/rocksdb/store.h"

namespace tokenbroker::storage {
namespace {

// 0 if there is none.
absl::StatusOr<uint64_t> LoadNumber(const Database& db, const Key& key, absl::string_view what) {
  TB_ASSIGN_OR_RETURN(const std::string value, GetMeta(db, {}, key, what));
  if (value.empty()) return 0;
  return DecodeNumber(value, what);
}

}  // namespace

absl::StatusOr<std::unique_ptr<RocksDbStore>> RocksDbStore::Open(const RocksDbOptions& options, bool begin_new_epoch) {
  std::unique_ptr<RocksDbStore> store(new RocksDbStore(options));
  TB_RETURN_IF_ERROR(store->Start(begin_new_epoch));
  return store;
}

absl::Status RocksDbStore::Start(bool begin_new_epoch) {
  const std::unique_ptr<rocksdb::Env> env = EnvFor(options_);
  if (!options_.read_only) TB_RETURN_IF_ERROR(MakeFolder(options_.path));
  // A restore opens the folder before it is finished.
  if (!begin_new_epoch) TB_RETURN_IF_ERROR(CheckFolder(options_.path));
  TB_ASSIGN_OR_RETURN(std::unique_ptr<Witness> witness, Witness::Read(env->GetFileSystem(), options_.path));
  witness_ = std::move(witness);
  TB_RETURN_IF_ERROR(AuditLogs(env.get()));
  TB_RETURN_IF_ERROR(AuditManifestFile(env.get()));
  TB_ASSIGN_OR_RETURN(db_, Database::Open(options_, floors_, witness_));
  TB_ASSIGN_OR_RETURN(const bool new_identity, LoadIdentity(begin_new_epoch || options_.accept_lost_tail));
  TB_RETURN_IF_ERROR(LoadShards());
  TB_RETURN_IF_ERROR(WarmUpIfEmpty());
  if (options_.read_only) return absl::OkStatus();
  // Before anything is written.
  TB_RETURN_IF_ERROR(RemoveLeftovers((*db_)->GetEnv()));
  if (new_identity) TB_RETURN_IF_ERROR(SaveIdentity());
  TB_RETURN_IF_ERROR(witness_->StartNotes(/*forget=*/begin_new_epoch || options_.accept_lost_tail));
  NoteManifest(db_->db(), *witness_);
  return absl::OkStatus();
}

absl::Status RocksDbStore::AuditLogs(rocksdb::Env* env) {
  TB_ASSIGN_OR_RETURN(torn_logs_, TornWriteAheadLogs(env, options_.path));
  for (const TornLog& log : torn_logs_) {
    if (!log.damaged || options_.accept_lost_tail) continue;
    return absl::DataLossError(absl::StrCat(log.path, " is damaged at byte ", log.sound_bytes,
                                            ", and acknowledged writes stand behind the damage. Restore a backup"));
  }
  return absl::OkStatus();
}

absl::Status RocksDbStore::AuditManifestFile(rocksdb::Env* env) const {
  if (options_.accept_lost_tail) return absl::OkStatus();
  TB_ASSIGN_OR_RETURN(const ManifestAudit manifest, AuditManifest(env, options_.path));
  const bool older = manifest.number < witness_->manifest_number();
  const bool shorter =
      manifest.number == witness_->manifest_number() && manifest.sound_bytes < witness_->manifest_bytes();
  if (!older && !shorter) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(options_.path, "/MANIFEST has lost its end: ", manifest.sound_bytes,
                                          " bytes of number ", manifest.number, " are there, ",
                                          witness_->manifest_bytes(), " of number ", witness_->manifest_number(),
                                          " were written. Restore a backup"));
}

absl::Status RocksDbStore::RemoveLeftovers(rocksdb::Env* env) const {
  std::vector<std::string> names;
  TB_RETURN_IF_ERROR(FromRocks(env->GetChildren(options_.path, &names), absl::StrCat("listing ", options_.path)));
  for (const std::string& name : names) {
    const auto is = [&name](const char* suffix) { return absl::EndsWith(name, suffix); };
    if (is(kSortedFileSuffix) || is(kSpareSuffix) || is(kCutSuffix))
      env->DeleteFile(options_.path + "/" + name).PermitUncheckedError();
  }
  // RocksDB has deleted the logs that it read, or will when there is something to flush. If a torn one stood beside
  // newer writes after a power cut, it would be taken for damage.
  for (const TornLog& log : torn_logs_) TB_RETURN_IF_ERROR(CutTornLog(env, log));
  return SyncFolder(*env, options_.path);
}

absl::StatusOr<bool> RocksDbStore::LoadIdentity(bool begin_new_epoch) {
  TB_ASSIGN_OR_RETURN(const std::string format, GetMeta(*db_, {}, FormatKey(), "the format version"));
  TB_ASSIGN_OR_RETURN(const std::string identity, GetMeta(*db_, {}, IdentityKey(), "the store's identity"));
  if (!format.empty()) {
    TB_RETURN_IF_ERROR(CheckFormat(format, options_.path));
    TB_ASSIGN_OR_RETURN(identity_, DecodeIdentity(identity));
    if (!begin_new_epoch) return false;
    if (identity_.epoch == kMaxEpoch) return absl::FailedPreconditionError("the store has used up its epochs");
    ++identity_.epoch;
    return true;
  }
  // New, or made and cut off before this was written: then there is nothing else in it either.
  const std::unique_ptr<rocksdb::Iterator> any((*db_)->NewIterator({}, db_->log()));
  any->SeekToFirst();
  if (any->Valid() || !any->status().ok()) {
    return absl::DataLossError(absl::StrCat("the data folder ", options_.path, " has a log, but no format version"));
  }
  if (options_.read_only) return absl::NotFoundError(absl::StrCat("there is no store in ", options_.path));
  TB_ASSIGN_OR_RETURN(identity_.hash_key, RandomBytes(kHashKeySize));
  return true;
}

absl::Status RocksDbStore::SaveIdentity() {
  rocksdb::WriteBatch batch;
  batch.Put(db_->meta(), FormatKey(), EncodeFormat(FormatKey()));
  batch.Put(db_->meta(), IdentityKey(), EncodeIdentity(IdentityKey(), identity_));
  return Write(batch, "writing the store's identity");
}

absl::Status RocksDbStore::LoadShards() {
  for (int shard = 0; shard < 256; ++shard) {
    TB_RETURN_IF_ERROR(LoadShard(static_cast<ShardId>(shard)));
    if (!options_.accept_lost_tail) TB_RETURN_IF_ERROR(CheckShard(static_cast<ShardId>(shard)));
  }
  return absl::OkStatus();
}

absl::Status RocksDbStore::LoadShard(ShardId shard) {
  TB_ASSIGN_OR_RETURN(const Sequence floor,
                      LoadNumber(*db_, FloorKey(shard), absl::StrCat("the floor of shard ", shard)));
  TB_ASSIGN_OR_RETURN(const uint64_t changes,
                      LoadNumber(*db_, ChangeKey(shard), absl::StrCat("the change number of shard ", shard)));
  const std::unique_ptr<rocksdb::Iterator> page = LogIterator(shard, /*whole_log=*/false);
  page->SeekForPrev(NumberKey(shard, ~Sequence{0}));
  TB_RETURN_IF_ERROR(FromRocks(page->status(), absl::StrCat("reading the end of the log of shard ", shard)));
  Sequence last = floor == 0 ? 0 : floor - 1;
  if (page->Valid() && ToView(page->key())[0] == static_cast<char>(shard)) {
    TB_ASSIGN_OR_RETURN(const Page end, PageAt(shard, *page));
    last = std::max(last, end.last());
  }
  shards_[shard].last_ever.store(last);
  shards_[shard].changes.store(changes);
  shards_[shard].floor.store(floor);
  shards_[shard].reclaimed.store(floor);
  (*floors_)[shard].store(floor);
  return absl::OkStatus();
}

absl::Status RocksDbStore::CheckShard(ShardId shard) const {
  const Sequence last = shards_[shard].last_ever.load();
  TB_ASSIGN_OR_RETURN(const LoadedCheckpoint head, LoadHead(shard, {}));
  const Sequence promised = std::max(head.covers, witness_->acknowledged(shard));
  if (last < promised) {
    return absl::DataLossError(absl::StrCat("the log of shard ", shard, " ends at sequence ", last,
                                            ", but everything up to ", promised,
                                            " was acknowledged: the end of the log is lost. Restore a backup"));
  }
  if (shards_[shard].changes.load() < witness_->changes(shard)) {
    return absl::DataLossError(absl::StrCat("the last checkpoint of shard ", shard,
                                            ", or what was held or dropped after it, is lost. Restore a backup"));
  }
  // Notices a gap between the floor and the first page.
  return Scan(shard, FloorOf(shard), [](const LogRecord&) { return false; });
}

absl::StatusOr<std::unique_ptr<TokenStore>> OpenRocksDbStore(const RocksDbOptions& options) {
  return RocksDbStore::Open(options, /*begin_new_epoch=*/false);
}

}  // namespace tokenbroker::storage
