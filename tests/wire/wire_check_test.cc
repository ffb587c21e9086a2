#include "server/wire/wire_check.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "base/element_limits.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "tests/json/contract_messages.h"
#include "tokenbroker/v1/delivery_service.pb.h"
#include "tokenbroker/v1/resolver_service.pb.h"
#include "tokenbroker/v1/task_service.pb.h"

namespace tokenbroker::wire {
namespace {

using google::protobuf::Message;

// In pieces, as they come from the network.
Verdict CheckBytes(const std::string& bytes, const google::protobuf::Descriptor& type, int piece = -1) {
  google::protobuf::io::ArrayInputStream in(bytes.data(), static_cast<int>(bytes.size()), piece);
  return Check(in, static_cast<int>(bytes.size()), type);
}

template <typename T>
std::string VerdictOn(const std::string& bytes) {
  const Verdict verdict = CheckBytes(bytes, *T::descriptor());
  const Verdict in_pieces = CheckBytes(bytes, *T::descriptor(), 3);
  EXPECT_EQ(verdict.kind, in_pieces.kind);
  EXPECT_EQ(verdict.field, in_pieces.field);
  if (verdict.kind == Verdict::kFits) return "fits";
  if (verdict.kind == Verdict::kMalformed) return "malformed";
  return verdict.field + ": " + verdict.rule;
}

std::string Times(int count, const std::string& bytes) {
  std::string all;
  for (int i = 0; i < count; ++i) all += bytes;
  return all;
}

// A tag and what is in it, of at most 127 bytes.
std::string In(int field, const std::string& content) {
  return std::string{static_cast<char>(field << 3 | 2), static_cast<char>(content.size())} + content;
}

constexpr char kTooManyInAll[] =
    ": is too long: all lists and maps of a request together must hold at most 100000 elements";

// --- What may be sent ---

TEST(WireCheck, TakesWhateverTheContractSays) {
  std::mt19937_64 random(1);
  for (const auto* type : ContractMessages()) {
    for (int i = 0; i < 20; ++i) {
      const std::unique_ptr<Message> message = NewMessage(*type);
      FillRandomly(*message, random);
      EXPECT_EQ(CheckBytes(message->SerializeAsString(), *type, 7).kind, Verdict::kFits) << type->full_name();
    }
  }
}

TEST(WireCheck, TakesTheLargestBatchThereMayBe) {
  v1::IssueTaskRequest item;
  for (int i = 0; i < 32; ++i) (*item.mutable_labels())["label" + std::to_string(i)] = "x";
  for (int i = 0; i < 64; ++i) item.mutable_contract()->add_allowed_errors("Error" + std::to_string(i));
  v1::BatchIssueTasksRequest batch;
  for (int i = 0; i < 1000; ++i) *batch.add_items() = item;
  EXPECT_EQ(VerdictOn<v1::BatchIssueTasksRequest>(batch.SerializeAsString()), "fits");
}

TEST(WireCheck, TakesAFieldThatIsRepeatedWithinReason) {
  // The last one counts, says the specification.
  EXPECT_EQ(VerdictOn<v1::GetTaskRequest>(Times(100, In(1, In(1, "token")))), "fits");
}

// --- Too many ---

TEST(WireCheck, CountsTheElementsOfAList) {
  EXPECT_EQ(VerdictOn<v1::BatchIssueTasksRequest>(Times(kMaxElements, In(1, ""))), "fits");
  EXPECT_EQ(VerdictOn<v1::BatchIssueTasksRequest>(Times(kMaxElements + 1, In(1, ""))),
            "items: must hold at most 1000 elements");
}

TEST(WireCheck, StopsAtTheFirstThatIsTooMany) {
  EXPECT_EQ(VerdictOn<v1::BatchIssueTasksRequest>(Times(kMaxElements + 1, In(1, "")) + "\xff\xff"),
            "items: must hold at most 1000 elements");
}

TEST(WireCheck, CountsElementsOfMapsAndOfListsFarInside) {
  const std::string label = In(7, In(1, "k") + In(2, "v"));
  EXPECT_EQ(VerdictOn<v1::IssueTaskRequest>(Times(kMaxElements + 1, label)), "labels: must hold at most 1000 elements");
  v1::BatchIssueTasksRequest batch;
  batch.add_items();
  for (int i = 0; i < kMaxElements; ++i) batch.add_items()->mutable_contract()->add_allowed_errors("");
  batch.mutable_items()->RemoveLast();
  EXPECT_EQ(VerdictOn<v1::BatchIssueTasksRequest>(batch.SerializeAsString()), "fits");
  for (int i = 0; i < kMaxElements; ++i) batch.mutable_items(3)->mutable_contract()->add_allowed_errors("");
  EXPECT_EQ(VerdictOn<v1::BatchIssueTasksRequest>(batch.SerializeAsString()),
            "items[3].contract.allowed_errors: must hold at most 1000 elements");
}

TEST(WireCheck, CountsPackedElementsAndThoseThatAreNot) {
  const int field = v1::ListDeliveriesRequest::descriptor()->FindFieldByName("states")->number();
  const std::string unpacked{static_cast<char>(field << 3), '\x01'};
  const std::string packed = In(field, std::string(100, '\x01'));
  EXPECT_EQ(VerdictOn<v1::ListDeliveriesRequest>(Times(9, packed) + Times(100, unpacked)), "fits");
  EXPECT_EQ(VerdictOn<v1::ListDeliveriesRequest>(Times(9, packed) + Times(101, unpacked)),
            "states: must hold at most 1000 elements");
  EXPECT_EQ(VerdictOn<v1::ListDeliveriesRequest>(Times(11, packed)), "states: must hold at most 1000 elements");
}

TEST(WireCheck, CountsAllElementsTogether) {
  const std::string label = In(7, "");
  const std::string item = Times(50, label);
  const std::string big{"\x0a\x64", 2};  // items, 100 bytes
  ASSERT_EQ(item.size(), 100u);
  // 51 elements each: 1,000 items hold 51,000.
  EXPECT_EQ(VerdictOn<v1::BatchIssueTasksRequest>(Times(1000, big + item)), "fits");
  const std::string bigger{"\x0a\xc8\x01", 3};  // 200 bytes
  EXPECT_EQ(VerdictOn<v1::BatchIssueTasksRequest>(Times(1000, bigger + item + item)),
            "items[990].labels" + std::string(kTooManyInAll));
}

TEST(WireCheck, CountsUnknownFieldsAndGroups) {
  EXPECT_EQ(VerdictOn<v1::GetTaskRequest>(Times(kMaxElementsInAll, "\x78\x01")), "fits");
  EXPECT_EQ(VerdictOn<v1::GetTaskRequest>(Times(kMaxElementsInAll + 1, "\x78\x01")), kTooManyInAll);
  EXPECT_EQ(VerdictOn<v1::GetTaskRequest>(Times(kMaxElementsInAll + 1, "\x7b\x7c")), kTooManyInAll);
  EXPECT_EQ(VerdictOn<v1::GetTaskRequest>("\x7b" + Times(kMaxElementsInAll, "\x78\x01") + "\x7c"), kTooManyInAll);
}

// In an arena each of them stays until the end.
TEST(WireCheck, CountsMembersOfAOneofThatTakeTurns) {
  const std::string turns = In(1, "") + In(2, "");
  EXPECT_EQ(VerdictOn<v1::Settlement>(Times(kMaxElementsInAll / 2, turns)), "fits");
  EXPECT_EQ(VerdictOn<v1::Settlement>(Times(kMaxElementsInAll / 2 + 2, turns)).substr(0, 7), "succeed");
}

// --- Malformed ---

TEST(WireCheck, SaysWhatIsMalformed) {
  const std::string ten_bytes(10, '\xff');
  for (const std::string& bytes : {
           std::string("\x0a"),                      // no length
           std::string("\x0a\x05tok"),               // shorter than it says
           std::string("\x0a\x80"),                  // a length that does not end
           "\x0a" + ten_bytes,                       // a length of more than there is
           std::string("\x0a\xff\xff\xff\xff\x0f"),  // negative
           In(1,
              "\x0a\x05"
              "a") +
               "bcdefg",                 // an inner length that reaches beyond the outer
           std::string("\x78"),          // an unknown number without its value
           "\x78" + ten_bytes + "\x01",  // more than 64 bits
           std::string("\x79"
                       "1234567"),  // 8 bytes of which one is not there
           std::string("\x7d"
                       "123"),                                  // 4 bytes
           std::string("\x7b"),                                 // a group that does not end
           std::string("\x7b\x74"),                             // ... or as another
           std::string("\x7c"),                                 // ... or has not begun
           std::string("\x7e"), std::string("\x7f"),            // no such wire types
           std::string("\0\0", 2), std::string("\x02\x00", 2),  // no such field
           Times(101, "\x7b") + Times(101, "\x7c"),             // too deep
       }) {
    EXPECT_EQ(VerdictOn<v1::GetTaskRequest>(bytes), "malformed") << testing::PrintToString(bytes);
    EXPECT_FALSE(v1::GetTaskRequest().ParseFromString(bytes)) << testing::PrintToString(bytes);
  }
}

TEST(WireCheck, NamesTheTextThatIsNoUtf8) {
  v1::BatchIssueTasksRequest batch;
  batch.add_items()->set_namespace_("caf\xC3\xA9");
  (*batch.add_items()->mutable_labels())["kind"] = "xx";
  const auto field_of = [](const std::string& bytes) {
    google::protobuf::io::ArrayInputStream in(bytes.data(), static_cast<int>(bytes.size()), 3);
    const Verdict verdict = CheckTexts(in, static_cast<int>(bytes.size()), *v1::BatchIssueTasksRequest::descriptor());
    return verdict.kind == Verdict::kFits ? "fits" : verdict.field + " " + verdict.rule;
  };
  std::string bytes = batch.SerializeAsString();
  EXPECT_EQ(field_of(bytes), "fits");
  bytes.replace(bytes.find("xx"), 2, "x\xff");
  EXPECT_FALSE(v1::BatchIssueTasksRequest().ParseFromString(bytes));
  EXPECT_EQ(field_of(bytes), "items[1].labels[0].value must be UTF-8");
  EXPECT_EQ(VerdictOn<v1::BatchIssueTasksRequest>(bytes), "fits") << "unless it is asked to read them";
}

TEST(WireCheck, GoesAsDeepAsAParser) {
  const std::string bytes = Times(100, "\x7b") + Times(100, "\x7c");
  EXPECT_EQ(VerdictOn<v1::GetTaskRequest>(bytes), "fits");
  EXPECT_TRUE(v1::GetTaskRequest().ParseFromString(bytes));
}

TEST(WireCheck, TakesAKnownFieldOfAnotherTypeAsUnknown) {
  const std::string bytes("\x08\x01", 2);  // task is a message, and this a number
  EXPECT_EQ(VerdictOn<v1::GetTaskRequest>(bytes), "fits");
  EXPECT_TRUE(v1::GetTaskRequest().ParseFromString(bytes));
}

TEST(WireCheck, TakesNothing) { EXPECT_EQ(VerdictOn<v1::GetTaskRequest>(""), "fits"); }

}  // namespace
}  // namespace tokenbroker::wire
