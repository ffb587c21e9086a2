#include "storage/rocksdb/status.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace tokenbroker::storage {
namespace {

absl::StatusCode CodeOf(const rocksdb::Status& status) {
  if (status.IsNotFound()) return absl::StatusCode::kNotFound;
  if (status.IsCorruption()) return absl::StatusCode::kDataLoss;
  if (status.IsNoSpace()) return absl::StatusCode::kResourceExhausted;
  if (status.IsIOError()) return absl::StatusCode::kUnavailable;
  return absl::StatusCode::kInternal;
}

}  // namespace

absl::Status FromRocks(const rocksdb::Status& status, std::string_view doing) {
  if (status.ok()) return absl::OkStatus();
  return absl::Status(CodeOf(status),
                      absl::StrCat(absl::string_view(doing.data(), doing.size()), ": ", status.ToString()));
}

}  // namespace tokenbroker::storage
