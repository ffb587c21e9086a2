// The alphabet of our bytes on disk: fixed-width integers, varints and tagged fields.
//
//   varint   7 bits a byte, lowest first, the highest bit says that more follow; at most 10 bytes
//   field    tag (a varint: field number << 2 | kind), then the value
//              kind 0  varint
//              kind 1  8 bytes, little endian
//              kind 2  a varint length, then so many bytes
//
// Writers write into room that the caller has made sure of. Readers trust nothing: after the first thing that does not
// fit they are failed, give zeros and empty views, and say so in ok().
#pragma once

#include <endian.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace tokenbroker::storage {

enum class FieldKind : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2 };

inline constexpr size_t kMaxVarint = 10;

// --- Fixed width ---

namespace internal {

template <typename Number>
char* Put(char* at, Number value) {
  std::memcpy(at, &value, sizeof value);
  return at + sizeof value;
}

template <typename Number>
Number Get(const char* at) {
  Number value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

}  // namespace internal

inline char* PutLittle32(char* at, uint32_t value) { return internal::Put(at, htole32(value)); }
inline char* PutLittle64(char* at, uint64_t value) { return internal::Put(at, htole64(value)); }
// Big endian, so that bytes compare as the numbers do: for keys.
inline char* PutBig64(char* at, uint64_t value) { return internal::Put(at, htobe64(value)); }

inline uint32_t GetLittle32(const char* at) { return le32toh(internal::Get<uint32_t>(at)); }
inline uint64_t GetLittle64(const char* at) { return le64toh(internal::Get<uint64_t>(at)); }
inline uint64_t GetBig64(const char* at) { return be64toh(internal::Get<uint64_t>(at)); }

// --- Varints ---

inline char* PutVarint(char* at, uint64_t value) {
  while (value >= 0x80) {
    *at++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *at++ = static_cast<char>(value);
  return at;
}

inline void AppendVarint(std::string& out, uint64_t value) {
  char buffer[kMaxVarint];
  out.append(buffer, PutVarint(buffer, value) - buffer);
}

inline void AppendLittle32(std::string& out, uint32_t value) {
  char buffer[4];
  out.append(buffer, PutLittle32(buffer, value) - buffer);
}

inline void AppendLittle64(std::string& out, uint64_t value) {
  char buffer[8];
  out.append(buffer, PutLittle64(buffer, value) - buffer);
}

inline char* PutBytes(char* at, std::string_view bytes) {
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  return at + bytes.size();
}

// Reads integers and runs of bytes one after the other.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool ok() const { return ok_; }
  bool at_end() const { return at_ == end_; }
  std::string_view rest() const { return {at_, static_cast<size_t>(end_ - at_)}; }

  uint64_t Varint() {
    // One and two bytes are nearly all there is.
    if (at_ != end_ && static_cast<uint8_t>(*at_) < 0x80) return static_cast<uint8_t>(*at_++);
    return LongVarint();
  }

  uint64_t Little64() {
    const std::string_view bytes = Bytes(8);
    return ok_ ? GetLittle64(bytes.data()) : 0;
  }

  uint8_t Byte() {
    const std::string_view bytes = Bytes(1);
    return ok_ ? static_cast<uint8_t>(bytes[0]) : 0;
  }

  std::string_view Bytes(uint64_t size) {
    if (size > static_cast<uint64_t>(end_ - at_)) return Fail(), std::string_view();
    const std::string_view bytes(at_, size);
    at_ += size;
    return bytes;
  }

  std::string_view LengthAndBytes() { return Bytes(Varint()); }

  void Fail() {
    ok_ = false;
    at_ = end_;
  }

 private:
  uint64_t LongVarint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const uint8_t byte = static_cast<uint8_t>(*at_++);
      // The tenth byte has room for one bit.
      if (shift == 63 && byte > 1) break;
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    Fail();
    return 0;
  }

  const char* at_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace tokenbroker::storage
