#include "json/any.h"

#include <string>

namespace tokenbroker::json {

std::unique_ptr<google::protobuf::Message> NewMessageOfUrl(std::string_view url,
                                                           const google::protobuf::Message& neighbour) {
  const size_t slash = url.rfind('/');
  if (slash == std::string_view::npos) return nullptr;
  const std::string name(url.substr(slash + 1));
  const auto* const type = neighbour.GetDescriptor()->file()->pool()->FindMessageTypeByName(name);
  if (type == nullptr) return nullptr;
  const google::protobuf::Message* const prototype = neighbour.GetReflection()->GetMessageFactory()->GetPrototype(type);
  return std::unique_ptr<google::protobuf::Message>(prototype == nullptr ? nullptr : prototype->New());
}

}  // namespace tokenbroker::json
