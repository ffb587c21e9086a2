#include "storage/rocksdb/sorted_file.h"

#include "absl/strings/str_cat.h"
#include "base/failpoint.h"
#include "base/status_macros.h"
#include "storage/rocksdb/status.h"

namespace tokenbroker::storage {
namespace {

// What the family has in memory lies over a file that is taken in: RocksDB would write it out first, with all writers
// waiting.
absl::Status Flush(const Database& db, rocksdb::ColumnFamilyHandle* family) {
  uint64_t rows = 0;
  db->GetIntProperty(family, rocksdb::DB::Properties::kNumEntriesActiveMemTable, &rows);
  if (rows == 0) return absl::OkStatus();
  return FromRocks(db->Flush({}, family), absl::StrCat("writing out the family ", family->GetName()));
}

}  // namespace

SortedFile::SortedFile(const Database& db, rocksdb::ColumnFamilyHandle* family, std::string path)
    : db_(db),
      family_(family),
      path_(std::move(path)),
      writer_(rocksdb::EnvOptions(db->GetDBOptions()), db->GetOptions(family), family),
      status_(writer_.Open(path_)) {}

// What was taken in has moved away.
SortedFile::~SortedFile() { db_->GetEnv()->DeleteFile(path_).PermitUncheckedError(); }

void SortedFile::Put(const rocksdb::Slice& key, const rocksdb::Slice& value) {
  if (status_.ok()) status_ = writer_.Put(key, value);
}

void SortedFile::Delete(const rocksdb::Slice& key) {
  if (status_.ok()) status_ = writer_.Delete(key);
}

void SortedFile::Expect(const rocksdb::Slice& key, const rocksdb::Slice& value) {
  expected_.emplace_back(key.ToString(), value.ToString());
}

absl::Status SortedFile::Finish() {
  if (status_.ok()) status_ = writer_.Finish();
  return FromRocks(status_, absl::StrCat("writing ", path_));
}

// In this version of RocksDB a read that fails while a file is taken in leaves the file without its bounds: nothing in
// it would be found, and no error said so.
absl::Status SortedFile::CheckFound() const {
  for (const auto& [key, expected] : expected_) {
    rocksdb::PinnableSlice value;
    const rocksdb::Status status = db_->Get({}, family_, key, &value);
    if (status.ok() && value == expected) continue;
    return absl::UnavailableError(absl::StrCat(path_, " was taken in without its contents"));
  }
  return absl::OkStatus();
}

absl::Status TakeIn(const Database& db, absl::Span<SortedFile* const> files) {
  std::vector<rocksdb::IngestExternalFileArg> args;
  for (SortedFile* file : files) {
    TB_RETURN_IF_ERROR(file->Finish());
    TB_RETURN_IF_ERROR(Flush(db, file->family_));
    rocksdb::IngestExternalFileArg& arg = args.emplace_back();
    arg.column_family = file->family_;
    arg.external_files = {file->path_};
    arg.options.move_files = true;           // a link, not a copy
    arg.options.write_global_seqno = false;  // so that the file need not be changed
  }
  TB_FAILPOINT("store.before_ingest");
  TB_RETURN_IF_ERROR(FromRocks(db->IngestExternalFiles(args), "taking in sorted files"));
  TB_FAILPOINT("store.after_ingest");
  for (const SortedFile* file : files) TB_RETURN_IF_ERROR(file->CheckFound());
  return absl::OkStatus();
}

}  // namespace tokenbroker::storage
