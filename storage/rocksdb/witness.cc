#include "storage/rocksdb/witness.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "storage/crc32c.h"
#include "storage/rocksdb/status.h"
#include "storage/wire.h"

namespace tokenbroker::storage {
namespace {

constexpr size_t kSlotSize = 16;

uint32_t SlotCrc(int slot, std::string_view value) {
  const char number[2] = {static_cast<char>(slot), static_cast<char>(slot >> 8)};
  return ExtendCrc32c(Crc32c({number, 2}), value);
}

// 0 if the slot does not check.
uint64_t SlotValue(int slot, std::string_view bytes) {
  if (GetLittle32(bytes.data() + 8) != SlotCrc(slot, bytes.substr(0, 8))) return 0;
  return GetLittle64(bytes.data());
}

absl::Status SyncFolder(rocksdb::FileSystem& fs, const std::string& folder) {
  std::unique_ptr<rocksdb::FSDirectory> directory;
  const std::string doing = absl::StrCat("syncing ", folder);
  TB_RETURN_IF_ERROR(FromRocks(fs.NewDirectory(folder, {}, &directory, nullptr), doing));
  return FromRocks(directory->Fsync({}, nullptr), doing);
}

}  // namespace

Witness::Witness(std::shared_ptr<rocksdb::FileSystem> fs, std::string path, std::string folder)
    : fs_(std::move(fs)), path_(std::move(path)), folder_(std::move(folder)) {}

absl::StatusOr<std::unique_ptr<Witness>> Witness::Read(std::shared_ptr<rocksdb::FileSystem> fs,
                                                       const std::string& folder) {
  std::unique_ptr<Witness> witness(new Witness(std::move(fs), folder + "/acknowledged", folder));
  if (witness->fs_->FileExists(witness->path_, {}, nullptr).IsNotFound()) return witness;
  std::string bytes;
  const rocksdb::Status read = rocksdb::ReadFileToString(witness->fs_.get(), witness->path_, &bytes);
  TB_RETURN_IF_ERROR(FromRocks(read, absl::StrCat("reading ", witness->path_)));
  bytes.resize(kSlots * kSlotSize);
  for (int slot = 0; slot < kSlots; ++slot) {
    witness->slots_[slot] = SlotValue(slot, std::string_view(bytes).substr(slot * kSlotSize, kSlotSize));
  }
  return witness;
}

absl::Status Witness::CreateFile() {
  std::unique_ptr<rocksdb::FSWritableFile> file;
  const std::string doing = absl::StrCat("making ", path_);
  TB_RETURN_IF_ERROR(FromRocks(fs_->NewWritableFile(path_, {}, &file, nullptr), doing));
  const std::string zeros(kSlots * kSlotSize, '\0');
  TB_RETURN_IF_ERROR(FromRocks(file->Append(zeros, {}, nullptr), doing));
  TB_RETURN_IF_ERROR(FromRocks(file->Sync({}, nullptr), doing));
  TB_RETURN_IF_ERROR(FromRocks(file->Close({}, nullptr), doing));
  return SyncFolder(*fs_, folder_);
}

absl::Status Witness::StartNotes(bool forget) {
  if (forget || fs_->FileExists(path_, {}, nullptr).IsNotFound()) TB_RETURN_IF_ERROR(CreateFile());
  return FromRocks(fs_->NewRandomRWFile(path_, {}, &file_, nullptr), absl::StrCat("opening ", path_));
}

void Witness::WriteSlot(int slot, uint64_t value) {
  if (file_ == nullptr) return;
  char bytes[kSlotSize] = {};
  PutLittle64(bytes, value);
  PutLittle32(bytes + 8, SlotCrc(slot, {bytes, 8}));
  file_->Write(slot * kSlotSize, {bytes, kSlotSize}, {}, nullptr).PermitUncheckedError();
}

void Witness::Acknowledge(ShardId shard, Sequence sequence) { WriteSlot(shard, sequence); }

void Witness::NoteChange(ShardId shard, uint64_t number) { WriteSlot(kFirstChangeSlot + shard, number); }

void Witness::NoteManifest(uint64_t number, uint64_t bytes) {
  const uint64_t value = number << kManifestShift | bytes;
  std::lock_guard lock(manifest_mutex_);
  if (value <= manifest_noted_) return;
  manifest_noted_ = value;
  WriteSlot(kManifestSlot, value);
}

}  // namespace tokenbroker::storage
