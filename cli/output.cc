#include "cli/output.h"

namespace tokenbroker::cli {
namespace {

const char* NameOf(Format format) {
  switch (format) {
    case Format::kTable:
      return "table";
    case Format::kJson:
      return "json";
    case Format::kJsonLines:
      return "jsonl";
    case Format::kId:
      return "id";
    case Format::kToken:
      return "token";
    case Format::kOutput:
      return "output";
  }
  return "";
}

}  // namespace

Formats TableJsonAnd(std::initializer_list<Format> more) {
  Formats formats = {Format::kTable, Format::kJson, Format::kJsonLines};
  formats.insert(formats.end(), more);
  return formats;
}

std::string RuleOf(const Formats& formats) {
  if (formats.empty()) return "-o is not for this command: its output has one form only";
  std::string names;
  for (const Format format : formats) {
    if (!names.empty()) names += format == formats.back() ? " or " : ", ";
    names += NameOf(format);
  }
  return "-o must be " + names;
}

absl::StatusOr<Format> ParseFormat(const std::string& text, const Formats& formats) {
  for (const Format format : formats) {
    if (text == NameOf(format)) return format;
  }
  return absl::InvalidArgumentError(RuleOf(formats));
}

}  // namespace tokenbroker::cli
