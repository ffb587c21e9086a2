// The comments of proto files as Markdown.
#pragma once

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace tokenbroker::openapi {

// A proto comment with its lines joined to paragraphs; lists and indented lines stay as they are.
std::string Markdown(const std::string& comment);

// What stands above a declaration; empty if nothing does, or if the descriptors carry no comments.
template <typename Descriptor>
std::string CommentOf(const Descriptor& descriptor) {
  google::protobuf::SourceLocation location;
  return descriptor.GetSourceLocation(&location) ? Markdown(location.leading_comments) : "";
}

std::string FirstSentence(const std::string& text);

// The reasons that the "Errors" sentences of a call's comment list: {"INVALID_FIELD", "TASK_UNKNOWN"}.
std::vector<std::string> ReasonsIn(const std::string& comment, const google::protobuf::EnumDescriptor& reasons);

}  // namespace tokenbroker::openapi
