// What is said to be malformed, the protobuf library does not take either; what fits is within its bounds.
#include <algorithm>

#include "base/element_limits.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/message.h"
#include "google/protobuf/stubs/logging.h"
#include "server/wire/wire_check.h"
#include "tests/fuzz/fuzz.h"
#include "tokenbroker/v1/resolver_service.pb.h"
#include "tokenbroker/v1/task_service.pb.h"

namespace tokenbroker::wire {
namespace {

template <typename T>
T Parse(std::string_view bytes, bool& parsed) {
  T message;
  parsed = message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  return message;
}

Verdict CheckPieces(std::string_view bytes, const google::protobuf::Descriptor& type, int piece) {
  google::protobuf::io::ArrayInputStream in(bytes.data(), static_cast<int>(bytes.size()), piece);
  return Check(in, static_cast<int>(bytes.size()), type);
}

// The inputs are too short for what is too many in all.
template <typename T>
void CheckAs(std::string_view bytes, int (*longest)(const T&)) {
  const Verdict verdict = CheckPieces(bytes, *T::descriptor(), -1);
  const Verdict again = CheckPieces(bytes, *T::descriptor(), 5);
  TB_HOLDS(verdict.kind == again.kind && verdict.field == again.field && verdict.rule == again.rule);
  bool parsed;
  const T message = Parse<T>(bytes, parsed);
  TB_HOLDS(verdict.kind != Verdict::kMalformed || !parsed);
  if (verdict.kind == Verdict::kFits && parsed) TB_HOLDS(longest(message) <= kMaxElements);
  // Each takes two bytes, or one if it is packed; in a map there may be fewer of them, under the same key.
  if (verdict.kind == Verdict::kTooMany) TB_HOLDS(!verdict.field.empty() && bytes.size() > kMaxElements);
}

int Longest(const v1::IssueTaskRequest& message) {
  return std::max(static_cast<int>(message.contract().allowed_errors_size()), static_cast<int>(message.labels_size()));
}

int Longest(const v1::BatchIssueTasksRequest& message) {
  int longest = message.items_size();
  for (const auto& item : message.items()) longest = std::max(longest, Longest(item));
  return longest;
}

int Longest(const v1::ListTasksRequest& message) {
  return std::max(message.filter().states_size(), static_cast<int>(message.filter().labels_size()));
}

int Longest(const v1::SettleStreamRequest& message) { return message.items_size(); }

}  // namespace
}  // namespace tokenbroker::wire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tokenbroker;
  google::protobuf::SetLogHandler(nullptr);  // texts that are not UTF-8 are no news here
  const std::string_view bytes = ViewOf(data, size);
  wire::CheckAs<v1::BatchIssueTasksRequest>(bytes, wire::Longest);
  wire::CheckAs<v1::ListTasksRequest>(bytes, wire::Longest);
  wire::CheckAs<v1::SettleStreamRequest>(bytes, wire::Longest);
  return 0;
}
