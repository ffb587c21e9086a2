#include "cli/json.h"

namespace tokenbroker::cli {
namespace {

// Writes the tree itself, because nlohmann's printer cannot leave a node alone. Verbatim nodes are "binary" values, a
// kind that text never yields.
class Printer {
 public:
  explicit Printer(Layout layout) : indented_(layout == Layout::kIndented) {}

  std::string Take(const Json& json) {
    Write(json, 0);
    return std::move(out_);
  }

 private:
  void Write(const Json& json, int depth) {
    if (json.is_binary()) {
      WriteVerbatim(json.get_binary());
    } else if (json.is_structured() && !json.empty()) {
      WriteMembers(json, depth);
    } else {
      out_ += json.dump(-1, ' ', false, Json::error_handler_t::replace);
    }
  }

  void WriteMembers(const Json& json, int depth) {
    out_ += json.is_object() ? '{' : '[';
    bool first = true;
    for (const auto& [key, value] : json.items()) {
      if (!first) out_ += ',';
      first = false;
      NewLine(depth + 1);
      if (json.is_object()) out_ += QuoteJson(key) + (indented_ ? ": " : ":");
      Write(value, depth + 1);
    }
    NewLine(depth);
    out_ += json.is_object() ? '}' : ']';
  }

  void NewLine(int depth) {
    if (indented_) out_ += "\n" + std::string(static_cast<size_t>(depth) * 2, ' ');
  }

  // A line break in valid JSON is always white space between tokens.
  void WriteVerbatim(const Json::binary_t& bytes) {
    for (const uint8_t byte : bytes) {
      const bool is_break = byte == '\n' || byte == '\r';
      out_ += is_break && !indented_ ? ' ' : static_cast<char>(byte);
    }
  }

  const bool indented_;
  std::string out_;
};

}  // namespace

bool IsJson(std::string_view text) { return nlohmann::json::accept(text.begin(), text.end()); }

Json Verbatim(const std::string& text) {
  if (!IsJson(text)) return text;
  return Json::binary(Json::binary_t::container_type(text.begin(), text.end()));
}

std::string QuoteJson(const std::string& bytes) {
  return nlohmann::json(bytes).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string Print(const Json& json, Layout layout) { return Printer(layout).Take(json); }

}  // namespace tokenbroker::cli
