// CheckJson and another parser agree, but for what the comments say.
#include "base/json.h"

#include "rapidjson/memorystream.h"
#include "rapidjson/reader.h"
#include "tests/fuzz/fuzz.h"

namespace {

// Keeps track of nothing but the depth.
struct Depth : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Depth> {
  bool Enter() {
    deepest = std::max(deepest, ++depth);
    return true;
  }
  bool Leave() {
    --depth;
    return true;
  }
  bool StartObject() { return Enter(); }
  bool StartArray() { return Enter(); }
  bool EndObject(rapidjson::SizeType) { return Leave(); }
  bool EndArray(rapidjson::SizeType) { return Leave(); }
  int depth = 0;
  int deepest = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = tokenbroker::ViewOf(data, size);
  const absl::Status status = tokenbroker::CheckJson(text);
  TB_HOLDS(status.ok() || absl::IsInvalidArgument(status));
  if (text.find('\0') != std::string_view::npos) {
    TB_HOLDS(!status.ok());
    return 0;  // the end of the text to the other parser
  }
  rapidjson::MemoryStream stream(text.data(), text.size());
  Depth depth;
  rapidjson::Reader reader;
  constexpr unsigned kFlags =
      rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag | rapidjson::kParseNumbersAsStringsFlag;
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, depth);
  if (result.Code() == rapidjson::kParseErrorNumberTooBig) return 0;  // to us a number is its digits
  const bool accepted = !result.IsError();
  const bool expected = accepted && depth.deepest <= tokenbroker::kMaxJsonDepth;
  if (status.ok()) TB_HOLDS(expected);
  // The other parser lets half a surrogate pair pass.
  if (expected && text.find("\\u") == std::string_view::npos) TB_HOLDS(status.ok());
  return 0;
}
