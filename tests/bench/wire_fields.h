// Reads messages without making objects of them: protobuf's wire format, as far as the answers to batches need it.
#pragma once

#include <cstdint>
#include <string_view>

#include "storage/wire.h"

namespace tokenbroker::benchmarks {

// The fields of a message, one after the other: varints and those that have bytes.
class WireFields {
 public:
  explicit WireFields(std::string_view message) : in_(message) {}

  // False at the end, and where the bytes are no message.
  bool Next() {
    if (!in_.ok() || in_.at_end()) return false;
    const uint64_t tag = in_.Varint();
    number_ = static_cast<int>(tag >> 3);
    switch (tag & 7) {
      case 0:
        varint_ = in_.Varint();
        break;
      case 2:
        bytes_ = in_.Bytes(in_.Varint());
        break;
      default:
        in_.Fail();
    }
    return in_.ok();
  }
  int number() const { return number_; }
  // What the latest field of each kind held.
  uint64_t varint() const { return varint_; }
  std::string_view bytes() const { return bytes_; }
  bool ok() const { return in_.ok(); }

 private:
  storage::WireReader in_;
  int number_ = 0;
  uint64_t varint_ = 0;
  std::string_view bytes_;
};

// Empty if there is none.
inline std::string_view BytesOf(std::string_view message, int number) {
  for (WireFields fields(message); fields.Next();) {
    if (fields.number() == number) return fields.bytes();
  }
  return {};
}

// 0 if there is none.
inline uint64_t VarintOf(std::string_view message, int number) {
  for (WireFields fields(message); fields.Next();) {
    if (fields.number() == number) return fields.varint();
  }
  return 0;
}

}  // namespace tokenbroker::benchmarks
