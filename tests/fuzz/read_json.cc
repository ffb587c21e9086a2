// What ReadJson takes, WriteJson gives back, and the protobuf library understands alike.
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/message_differencer.h"
#include "json/json_reader.h"
#include "json/json_writer.h"
#include "tests/fuzz/fuzz.h"
#include "tokenbroker/v1/resolver_service.pb.h"
#include "tokenbroker/v1/task_service.pb.h"

namespace tokenbroker::json {
namespace {

using google::protobuf::Message;
using google::protobuf::util::MessageDifferencer;

template <typename T>
void Check(std::string_view text) {
  T message;
  const absl::Status status = ReadJson(text, message);
  TB_HOLDS(status.ok() || absl::IsInvalidArgument(status));
  TB_HOLDS(status.message().size() < 4096);
  if (!status.ok()) return;
  std::string written;
  WriteJson(message, written);
  T again;
  TB_HOLDS(ReadJson(written, again).ok());
  TB_HOLDS(MessageDifferencer::Equals(message, again));
  T theirs;
  TB_HOLDS(google::protobuf::util::JsonStringToMessage(written, &theirs).ok());
  TB_HOLDS(MessageDifferencer::Equals(message, theirs));
  // This version of the library knows no quoted numbers with exponent ("1e2"), which the specification allows.
  theirs.Clear();
  if (!google::protobuf::util::JsonStringToMessage(std::string(text), &theirs).ok()) return;
  TB_HOLDS(MessageDifferencer::Equals(message, theirs));
}

}  // namespace
}  // namespace tokenbroker::json

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = tokenbroker::ViewOf(data, size);
  tokenbroker::json::Check<tokenbroker::v1::IssueTaskRequest>(text);
  tokenbroker::json::Check<tokenbroker::v1::BatchSettleRequest>(text);
  tokenbroker::json::Check<tokenbroker::v1::ListTasksRequest>(text);
  tokenbroker::json::Check<tokenbroker::v1::GetTaskResponse>(text);
  return 0;
}
