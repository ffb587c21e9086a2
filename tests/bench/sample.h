// The task that every measurement is about: 100 bytes of input, a request id, a deadline; nothing rare.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/log_entry.h"

namespace tokenbroker::benchmarks {

inline constexpr std::string_view kNamespace = "bench";
// What tasks are resolved with.
inline constexpr std::string_view kOutput = R"({"approved":true,"by":"bench"})";

// JSON text of exactly 100 bytes.
inline const std::string& SampleInput() {
  static const std::string input = "{\"order\":\"" + std::string(88, 'x') + "\"}";
  return input;
}

// As long as the ids that callers make from a host, a process and a counter.
inline std::string RequestId(uint64_t number) {
  std::string id = "bench-0001-0000000000000000";
  for (size_t i = id.size(); number != 0; number >>= 4) id[--i] = "0123456789abcdef"[number & 15];
  return id;
}

inline storage::IssuedEntry SampleEntry(std::string_view request_id) {
  storage::IssuedEntry entry;
  entry.time = 1'795'000'000'000;
  entry.name_space = kNamespace;
  entry.request_id = request_id;
  entry.deadline = entry.time + 3'600'000;
  entry.input = SampleInput();
  entry.issued_by = "anonymous";
  return entry;
}

}  // namespace tokenbroker::benchmarks
