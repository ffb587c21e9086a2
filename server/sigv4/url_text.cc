#include "server/sigv4/url_text.h"

#include "base/percent.h"

namespace tokenbroker::aws {

std::string Decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (const int byte = EscapedByte(text.substr(i)); byte >= 0) {
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

}  // namespace tokenbroker::aws
