// The body of an AWS call: members of one JSON object, or SerializationException. Another parser agrees on what a
// member says.
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "server/aws/input.h"
#include "tests/fuzz/fuzz.h"

namespace tokenbroker::aws {
namespace {

using Json = nlohmann::json;

void CheckMember(const Input& input, const Json& other, const char* name) {
  std::optional<std::string> text;
  const Error error = input.Text(name, text);
  const auto found = other.find(name);
  const bool there = found != other.end() && !found->is_null();
  TB_HOLDS(static_cast<bool>(error) == (there && !found->is_string()));
  if (error) TB_HOLDS(CheckJson(BodyOf(error)).ok() && error.kind == &kSerialization);
  TB_HOLDS(text.has_value() == (there && found->is_string()));
  if (text) TB_HOLDS(*text == found->get<std::string>());
}

void Check(std::string_view body) {
  Input input;
  if (const Error error = input.Parse(body)) {
    TB_HOLDS(error.kind == &kSerialization && CheckJson(BodyOf(error)).ok());
    return;
  }
  const Json other = body.empty() ? Json::object() : Json::parse(body, nullptr, false);
  // Numbers beyond a double are well-formed to us, and not to it.
  if (other.is_discarded()) return;
  TB_HOLDS(other.is_object());
  for (const char* name : {"taskToken", "output", "error", "cause"}) CheckMember(input, other, name);
}

}  // namespace
}  // namespace tokenbroker::aws

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tokenbroker::aws::Check(tokenbroker::ViewOf(data, size));
  return 0;
}
