#include "tests/json/contract_messages.h"

#include <algorithm>
#include <limits>
#include <string>

#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "tokenbroker/v1/admin_service.pb.h"
#include "tokenbroker/v1/delivery_service.pb.h"
#include "tokenbroker/v1/resolver_service.pb.h"
#include "tokenbroker/v1/task_service.pb.h"

namespace tokenbroker {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Random = std::mt19937_64;

std::string RandomText(Random& random) {
  static const char* const kPieces[] = {
      "a",   "Zz", "\"", "\\", "\n",           "\t",           "\x01",         "\x7f",        "/",
      "<&>", "é",  "漢", "😀",  "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x82\xAC", "{\"a\":[1]}", "  "};
  std::string text;
  for (size_t i = random() % 6; i > 0; --i) text += kPieces[random() % std::size(kPieces)];
  if (random() % 8 == 0) text.push_back('\0');
  return text;
}

template <typename T>
T RandomNumber(Random& random) {
  switch (random() % 5) {
    case 0:
      return std::numeric_limits<T>::max();
    case 1:
      return std::numeric_limits<T>::min();
    case 2:
      return static_cast<T>(random());
    default:
      return static_cast<T>(random() % 100);
  }
}

int32_t RandomNanos(Random& random) {
  static constexpr int32_t kUnits[] = {1'000'000, 1'000, 1};
  const int32_t unit = kUnits[random() % 3];
  return random() % 3 == 0 ? 0 : static_cast<int32_t>(random() % (1'000'000'000 / unit)) * unit;
}

bool FillTime(Message& message, Random& random) {
  if (auto* time = dynamic_cast<google::protobuf::Timestamp*>(&message)) {
    time->set_seconds(static_cast<int64_t>(random() % 315'537'897'599) - 62'135'596'800);
    time->set_nanos(RandomNanos(random));
    return true;
  }
  if (auto* duration = dynamic_cast<google::protobuf::Duration*>(&message)) {
    const int sign = random() % 2 == 0 ? 1 : -1;
    duration->set_seconds(sign * static_cast<int64_t>(random() % (random() % 2 == 0 ? 2 : 315'576'000'000)));
    duration->set_nanos(sign * RandomNanos(random));
    return true;
  }
  return false;
}

// Sets the field, or adds to it.
void Put(const FieldDescriptor* field, Message& message, Random& random) {
  const auto* const reflection = message.GetReflection();
  const bool add = field->is_repeated();
  switch (field->cpp_type()) {
#define TB_CASE(CPPTYPE, Type, value)                              \
  case FieldDescriptor::CPPTYPE_##CPPTYPE:                         \
    if (add) return reflection->Add##Type(&message, field, value); \
    return reflection->Set##Type(&message, field, value)
    TB_CASE(STRING, String, RandomText(random));
    TB_CASE(INT32, Int32, RandomNumber<int32_t>(random));
    TB_CASE(INT64, Int64, RandomNumber<int64_t>(random));
    TB_CASE(UINT32, UInt32, RandomNumber<uint32_t>(random));
    TB_CASE(UINT64, UInt64, RandomNumber<uint64_t>(random));
    TB_CASE(BOOL, Bool, random() % 2 == 0);
    TB_CASE(ENUM, EnumValue, field->enum_type()->value(random() % field->enum_type()->value_count())->number());
    TB_CASE(FLOAT, Float, static_cast<float>(random()) / 1000);
    TB_CASE(DOUBLE, Double, static_cast<double>(random()) / 1000);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return FillRandomly(
          *(add ? reflection->AddMessage(&message, field) : reflection->MutableMessage(&message, field)), random);
  }
}

// A key occurs once.
void FillMap(const FieldDescriptor* field, Message& message, Random& random) {
  std::vector<std::string> keys;
  for (size_t i = random() % 4; i > 0; --i) keys.push_back(RandomText(random));
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  for (const std::string& key : keys) {
    Message* const entry = message.GetReflection()->AddMessage(&message, field);
    entry->GetReflection()->SetString(entry, field->message_type()->map_key(), key);
    Put(field->message_type()->map_value(), *entry, random);
  }
}

}  // namespace

std::vector<const google::protobuf::ServiceDescriptor*> ContractServices() {
  return {v1::IssueTaskRequest::descriptor()->file()->service(0), v1::SucceedRequest::descriptor()->file()->service(0),
          v1::GetDeliveryRequest::descriptor()->file()->service(0),
          v1::GetStatusRequest::descriptor()->file()->service(0)};
}

std::vector<const Descriptor*> ContractMessages() {
  std::vector<const Descriptor*> types;
  for (const auto* service : ContractServices()) {
    for (int i = 0; i < service->method_count(); ++i) {
      types.push_back(service->method(i)->input_type());
      types.push_back(service->method(i)->output_type());
    }
  }
  return types;
}

std::unique_ptr<Message> NewMessage(const Descriptor& type) {
  return std::unique_ptr<Message>(google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type)->New());
}

void FillRandomly(Message& message, Random& random) {
  if (FillTime(message, random)) return;
  const Descriptor* const type = message.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* const field = type->field(i);
    if (random() % 2 == 0) continue;
    if (field->is_map()) {
      FillMap(field, message, random);
      continue;
    }
    for (size_t count = field->is_repeated() ? random() % 4 : 1; count > 0; --count) Put(field, message, random);
  }
}

}  // namespace tokenbroker
