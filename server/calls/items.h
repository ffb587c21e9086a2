// The items of a batch in protobuf's encoding, one at a time.
//
// A batch as one tree of messages is several times as large as what is kept of it, too large for the processor's first
// caches. One message that holds each item in turn stays there.
#pragma once

#include <google/protobuf/arena.h>
#include <google/protobuf/message_lite.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "server/broker/reason.h"
#include "server/calls/errors.h"
#include "server/calls/validate.h"

namespace tokenbroker::calls {

// The bytes of each item of a message whose one field is `repeated Item items = 1`. Unknown fields are passed over, as
// by any parser. Nothing if it is malformed; the items themselves are not looked at.
std::optional<std::vector<std::string_view>> ItemsOf(std::string_view batch);

void AppendItem(const google::protobuf::MessageLite& item, std::string& batch);

// Reads a Batch: `expect` is told the number of its items, then `take` is given each in turn. Refuses what is
// malformed, perhaps after some of its items, and a batch without items or with too many.
template <typename Batch, typename Item>
broker::Refusal ReadItems(std::string_view batch, google::protobuf::Arena& arena,
                          absl::FunctionRef<void(size_t)> expect, absl::FunctionRef<void(const Item&)> take) {
  const auto malformed = [] { return MessageMalformed(Batch::descriptor()->full_name()); };
  const std::optional<std::vector<std::string_view>> items = ItemsOf(batch);
  if (!items.has_value()) return malformed();
  if (broker::Refusal refusal = ValidateBatch(static_cast<int>(items->size()))) return refusal;
  expect(items->size());
  Item& item = *google::protobuf::Arena::CreateMessage<Item>(&arena);
  for (std::string_view bytes : *items) {
    if (!item.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return malformed();
    take(item);
  }
  return {};
}

// Appends so many items: `fill` sets every field of the one that it is given, which may hold the one before.
template <typename Item>
void WriteItems(size_t size, google::protobuf::Arena& arena, absl::FunctionRef<void(size_t, Item*)> fill,
                std::string& batch) {
  Item& item = *google::protobuf::Arena::CreateMessage<Item>(&arena);
  for (size_t i = 0; i < size; ++i) {
    fill(i, &item);
    AppendItem(item, batch);
  }
}

}  // namespace tokenbroker::calls
