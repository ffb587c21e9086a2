#include "server/aws/content_type.h"

#include "server/sigv4/request.h"

namespace tokenbroker::aws {
namespace {

std::string_view MediaType(std::string_view content_type) {
  return Trimmed(content_type.substr(0, content_type.find(';')));
}

}  // namespace

bool IsAwsJson(std::string_view content_type) {
  const std::string_view type = MediaType(content_type);
  return SameName(type, kJson10) || SameName(type, kJson11);
}

std::string_view ContentTypeOfAnswer(std::string_view content_type) {
  return SameName(MediaType(content_type), kJson11) ? kJson11 : kJson10;
}

}  // namespace tokenbroker::aws
