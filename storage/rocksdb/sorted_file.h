// Rows of one family, made ready in a file beside the database, which then takes it in whole: past the write-ahead log
// and the memtables. Nobody who appends waits for their bytes, and they are written once.
//
//   SortedFile blocks(*db, db->open(), path);
//   blocks.Put(key, value);
//   blocks.Expect(key, value);
//   TB_RETURN_IF_ERROR(TakeIn(*db, {&blocks}));
//
// Not thread-safe.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "rocksdb/sst_file_writer.h"
#include "storage/rocksdb/database.h"

namespace tokenbroker::storage {

// What the names of such files end in. One that was left over can be deleted when the database is opened.
inline constexpr char kSortedFileSuffix[] = ".ingest";

class SortedFile {
 public:
  // Makes the file; it goes with this object unless the database has it by then. Both must outlive this.
  SortedFile(const Database& db, rocksdb::ColumnFamilyHandle* family, std::string path);
  ~SortedFile();
  SortedFile(const SortedFile&) = delete;
  SortedFile& operator=(const SortedFile&) = delete;

  // Keys must ascend. What goes wrong TakeIn tells.
  void Put(const rocksdb::Slice& key, const rocksdb::Slice& value);
  void Delete(const rocksdb::Slice& key);

  // TakeIn fails if this row is not found afterwards. To be called for the first row that was put and for the last, or
  // for those that nothing takes away by itself.
  void Expect(const rocksdb::Slice& key, const rocksdb::Slice& value);

 private:
  friend absl::Status TakeIn(const Database& db, absl::Span<SortedFile* const> files);

  absl::Status Finish();
  // UNAVAILABLE if the database has the file, but does not find what is in it.
  absl::Status CheckFound() const;

  const Database& db_;
  rocksdb::ColumnFamilyHandle* const family_;
  const std::string path_;
  rocksdb::SstFileWriter writer_;
  rocksdb::Status status_;
  std::vector<std::pair<std::string, std::string>> expected_;
};

// Takes the files of different families in, all or none, and syncs. There must be one, and each must have a row.
absl::Status TakeIn(const Database& db, absl::Span<SortedFile* const> files);

}  // namespace tokenbroker::storage
