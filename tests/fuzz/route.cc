// A request line and a body: "METHOD path?query", a line feed, the body. Whatever is bound keeps to the path's word.
#include <memory>

#include "base/percent.h"
#include "server/rest/bind.h"
#include "server/rest/route_table.h"
#include "server/rest/url_text.h"
#include "tests/fuzz/fuzz.h"

namespace tokenbroker::rest {
namespace {

const RouteTable& Table() {
  static const auto* const table = new absl::StatusOr<RouteTable>(ContractRoutes());
  return table->value();
}

// What the message holds where a variable of the path leads.
std::string ValueAt(const FieldPath& path, const google::protobuf::Message& message) {
  const google::protobuf::Message* parent = &message;
  for (const auto* field : path) {
    if (field != path.back()) parent = &parent->GetReflection()->GetMessage(*parent, field);
  }
  return parent->GetReflection()->GetString(*parent, path.back());
}

void CheckBound(const Found& found, const google::protobuf::Message& message) {
  size_t variable = 0;
  for (const Segment& segment : found.route->segments) {
    if (!segment.is_variable()) continue;
    std::string value;
    TB_HOLDS(DecodePath(found.values[variable++], value));
    TB_HOLDS(ValueAt(segment.field, message) == value);
    TB_HOLDS(DecodePath(PercentEncoded(value), value));
    TB_HOLDS(ValueAt(segment.field, message) == value);
  }
  TB_HOLDS(message.IsInitialized());
}

void Check(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  const std::string_view body = text.substr(std::min(line.size() + 1, text.size()));
  const size_t blank = std::min(line.find(' '), line.size());
  const std::string_view target = line.substr(std::min(blank + 1, line.size()));
  const size_t mark = std::min(target.find('?'), target.size());
  const Found found = Table().Find(line.substr(0, blank), target.substr(0, mark));
  TB_HOLDS(found.route == nullptr || (found.allow.empty() && found.hint.empty()));
  if (found.route == nullptr) return;
  TB_HOLDS(found.route->http_method == line.substr(0, blank));
  const std::unique_ptr<google::protobuf::Message> message(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(found.route->method->input_type())->New());
  const absl::Status status = Bind(found, target.substr(std::min(mark + 1, target.size())), body, *message);
  TB_HOLDS(status.ok() || absl::IsInvalidArgument(status));
  TB_HOLDS(status.message().size() < 4096);
  if (status.ok()) CheckBound(found, *message);
}

}  // namespace
}  // namespace tokenbroker::rest

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tokenbroker::rest::Check(tokenbroker::ViewOf(data, size));
  return 0;
}
