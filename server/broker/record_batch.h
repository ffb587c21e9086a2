// The log records of one commit, one behind the other in one buffer that is used again and again.
#pragma once

#include <string>
#include <vector>

#include "storage/log_entry.h"
#include "storage/token_store.h"

namespace tokenbroker::broker {

class RecordBatch {
 public:
  template <typename Entry>
  void Add(storage::Sequence sequence, const Entry& entry) {
    storage::EncodeEntry(entry, bytes_);
    ends_.push_back({sequence, bytes_.size()});
  }

  size_t size() const { return ends_.size(); }
  bool empty() const { return ends_.empty(); }
  storage::Sequence last() const { return ends_.back().sequence; }

  // Valid until the next Add or Clear.
  const std::vector<storage::LogRecord>& records() {
    records_.clear();
    size_t begin = 0;
    for (const End& end : ends_) {
      records_.push_back({end.sequence, std::string_view(bytes_).substr(begin, end.offset - begin)});
      begin = end.offset;
    }
    return records_;
  }

  void Clear() {
    if (bytes_.capacity() > kKeepBytes) bytes_ = std::string();
    bytes_.clear();
    ends_.clear();
  }

 private:
  static constexpr size_t kKeepBytes = 16 << 20;
  struct End {
    storage::Sequence sequence;
    size_t offset;
  };
  std::string bytes_;
  std::vector<End> ends_;
  std::vector<storage::LogRecord> records_;
};

}  // namespace tokenbroker::broker
