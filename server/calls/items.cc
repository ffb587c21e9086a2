#include "server/calls/items.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

namespace tokenbroker::calls {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;

constexpr uint32_t kItemTag = WireFormatLite::MakeTag(1, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);

}  // namespace

std::optional<std::vector<std::string_view>> ItemsOf(std::string_view batch) {
  std::vector<std::string_view> items;
  CodedInputStream in(reinterpret_cast<const uint8_t*>(batch.data()), static_cast<int>(batch.size()));
  while (const uint32_t tag = in.ReadTag()) {
    int size = 0;
    if (tag != kItemTag) {
      if (!WireFormatLite::SkipField(&in, tag)) return std::nullopt;
    } else if (!in.ReadVarintSizeAsInt(&size)) {
      return std::nullopt;
    } else {
      const int at = in.CurrentPosition();
      if (!in.Skip(size)) return std::nullopt;
      items.push_back(batch.substr(at, size));
    }
  }
  if (!in.ConsumedEntireMessage()) return std::nullopt;
  return items;
}

void AppendItem(const google::protobuf::MessageLite& item, std::string& batch) {
  const size_t size = item.ByteSizeLong();
  const size_t head = 1 + CodedOutputStream::VarintSize32(static_cast<uint32_t>(size));
  const size_t at = batch.size();
  batch.resize(at + head + size);
  auto* to = reinterpret_cast<uint8_t*>(batch.data()) + at;
  to = CodedOutputStream::WriteTagToArray(kItemTag, to);
  to = CodedOutputStream::WriteVarint32ToArray(static_cast<uint32_t>(size), to);
  item.SerializeWithCachedSizesToArray(to);
}

}  // namespace tokenbroker::calls
