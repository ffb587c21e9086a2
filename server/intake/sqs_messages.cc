#include "server/intake/sqs_messages.h"

#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "base/text.h"

namespace tokenbroker::intake {
namespace {

using Json = nlohmann::json;

constexpr int kWaitSeconds = 20;
// Attributes count towards the size of a message; a reason is a sentence.
constexpr size_t kMaxReason = 1'024;

// Ill-formed UTF-8, which SQS would not take, cannot stop the rest.
std::string Written(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string TextOf(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

Json Attribute(const std::string& value) { return {{"DataType", "String"}, {"StringValue", value}}; }

Json Entries(const std::vector<std::string>& receipt_handles) {
  Json entries = Json::array();
  for (size_t i = 0; i < receipt_handles.size(); ++i) {
    entries.push_back({{"Id", std::to_string(i)}, {"ReceiptHandle", receipt_handles[i]}});
  }
  return entries;
}

}  // namespace

std::string ReceiveRequest(const std::string& queue_url, int max_messages, DurationMs visibility) {
  return Written({{"QueueUrl", queue_url},
                  {"MaxNumberOfMessages", max_messages},
                  {"WaitTimeSeconds", kWaitSeconds},
                  {"VisibilityTimeout", visibility / 1'000}});
}

std::optional<std::vector<SqsMessage>> ReadReceived(std::string_view body) {
  const Json answer = Json::parse(body, nullptr, false);
  if (!answer.is_object()) return std::nullopt;
  std::vector<SqsMessage> messages;
  const auto list = answer.find("Messages");
  if (list == answer.end() || list->is_null()) return messages;
  if (!list->is_array()) return std::nullopt;
  for (const Json& each : *list) {
    if (!each.is_object()) return std::nullopt;
    messages.push_back({TextOf(each, "MessageId"), TextOf(each, "ReceiptHandle"), TextOf(each, "Body")});
  }
  return messages;
}

std::string DeleteRequest(const std::string& queue_url, const std::vector<std::string>& receipt_handles) {
  return Written({{"QueueUrl", queue_url}, {"Entries", Entries(receipt_handles)}});
}

std::string HideRequest(const std::string& queue_url, const std::vector<std::string>& receipt_handles,
                        DurationMs visibility) {
  Json entries = Entries(receipt_handles);
  for (Json& entry : entries) entry["VisibilityTimeout"] = visibility / 1'000;
  return Written({{"QueueUrl", queue_url}, {"Entries", std::move(entries)}});
}

int CountFailed(std::string_view body) {
  const Json answer = Json::parse(body, nullptr, false);
  if (!answer.is_object()) return 0;
  const auto failed = answer.find("Failed");
  return failed != answer.end() && failed->is_array() ? static_cast<int>(failed->size()) : 0;
}

std::string DeadLetterRequest(const std::string& queue_url, const SqsMessage& message, const std::string& intake,
                              const std::string& why) {
  Json request = {{"QueueUrl", queue_url},
                  {"MessageBody", message.body},
                  {"MessageAttributes",
                   {{"TokenBroker.Reason", Attribute(std::string(CutAtCharacter(why, kMaxReason)))},
                    {"TokenBroker.Intake", Attribute(intake)},
                    {"TokenBroker.MessageId", Attribute(message.id.empty() ? "unknown" : message.id)}}}};
  if (absl::EndsWith(queue_url, ".fifo")) {
    request["MessageGroupId"] = "tokenbroker";
    request["MessageDeduplicationId"] = message.id;
  }
  return Written(request);
}

}  // namespace tokenbroker::intake
