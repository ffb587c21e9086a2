// Our JSON and that of the protobuf library, over random messages of the whole contract.
#include <gtest/gtest.h>

#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/message_differencer.h"
#include "json/json_reader.h"
#include "json/json_writer.h"
#include "tests/json/contract_messages.h"

namespace tokenbroker::json {
namespace {

using google::protobuf::Message;
using google::protobuf::util::MessageDifferencer;

constexpr int kMessagesPerType = 300;

// Calls `check(message, random)` for random messages of every type of the contract.
template <typename Check>
void ForRandomMessages(Check check) {
  std::mt19937_64 random(20'260'131);
  for (const auto* type : ContractMessages()) {
    SCOPED_TRACE(type->full_name());
    for (int i = 0; i < kMessagesPerType && !testing::Test::HasFailure(); ++i) {
      const auto message = NewMessage(*type);
      FillRandomly(*message, random);
      check(*message, random);
    }
  }
}

std::string TheirJson(const Message& message, const google::protobuf::util::JsonPrintOptions& options) {
  std::string text;
  EXPECT_TRUE(google::protobuf::util::MessageToJsonString(message, &text, options).ok());
  return text;
}

TEST(Agreement, WhatWeWriteTheyRead) {
  ForRandomMessages([](const Message& message, auto&) {
    std::string text;
    WriteJson(message, text);
    const std::unique_ptr<Message> read(message.New());
    const auto status = google::protobuf::util::JsonStringToMessage(text, read.get());
    ASSERT_TRUE(status.ok()) << status << "\n" << text;
    EXPECT_TRUE(MessageDifferencer::Equals(message, *read)) << text << "\n" << read->DebugString();
  });
}

TEST(Agreement, WhatWeWriteWeRead) {
  ForRandomMessages([](const Message& message, auto&) {
    std::string text;
    WriteJson(message, text);
    const std::unique_ptr<Message> read(message.New());
    const absl::Status status = ReadJson(text, *read);
    ASSERT_TRUE(status.ok()) << status << "\n" << text;
    EXPECT_TRUE(MessageDifferencer::Equals(message, *read)) << text << "\n" << read->DebugString();
  });
}

TEST(Agreement, WhatTheyWriteWeRead) {
  ForRandomMessages([](const Message& message, auto& random) {
    google::protobuf::util::JsonPrintOptions options;
    options.add_whitespace = random() % 2;
    options.preserve_proto_field_names = random() % 2;
    options.always_print_enums_as_ints = random() % 2;
    const std::string text = TheirJson(message, options);
    const std::unique_ptr<Message> read(message.New());
    const absl::Status status = ReadJson(text, *read);
    ASSERT_TRUE(status.ok()) << status << "\n" << text;
    EXPECT_TRUE(MessageDifferencer::Equals(message, *read)) << text << "\n" << read->DebugString();
  });
}

// One byte of a good text is changed: mostly that spoils it. They may read what we refuse, never the other way round.
TEST(Agreement, WhatWeReadTheyReadAndUnderstandAlike) {
  int read_by_both = 0;
  ForRandomMessages([&](const Message& message, auto& random) {
    std::string text;
    WriteJson(message, text);
    static constexpr char kBytes[] = "\"{}[]:,019-.eEtn\\uaZ \x80";
    text[random() % text.size()] = kBytes[random() % (sizeof(kBytes) - 1)];
    const std::unique_ptr<Message> ours(message.New());
    const std::unique_ptr<Message> theirs(message.New());
    if (!ReadJson(text, *ours).ok()) return;
    ++read_by_both;
    const auto status = google::protobuf::util::JsonStringToMessage(text, theirs.get());
    ASSERT_TRUE(status.ok()) << status << "\n" << text;
    EXPECT_TRUE(MessageDifferencer::Equals(*ours, *theirs)) << text;
  });
  EXPECT_GT(read_by_both, 500);
}

TEST(Agreement, EqualMessagesGiveEqualText) {
  ForRandomMessages([](const Message& message, auto&) {
    const std::unique_ptr<Message> copy(message.New());
    ASSERT_TRUE(copy->ParseFromString(message.SerializeAsString()));
    std::string one, other;
    WriteJson(message, one);
    WriteJson(*copy, other);
    EXPECT_EQ(one, other);
  });
}

}  // namespace
}  // namespace tokenbroker::json
