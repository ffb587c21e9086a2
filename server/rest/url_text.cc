#include "server/rest/url_text.h"

#include "base/percent.h"
#include "base/text.h"

namespace tokenbroker::rest {
namespace {

bool Decode(std::string_view encoded, Plus plus, std::string& out) {
  out.clear();
  return AppendPercentDecoded(encoded, plus, out) && IsValidUtf8(out);
}

}  // namespace

bool DecodePath(std::string_view encoded, std::string& out) { return Decode(encoded, Plus::kPlus, out); }

bool DecodeQuery(std::string_view encoded, std::string& out) { return Decode(encoded, Plus::kBlank, out); }

}  // namespace tokenbroker::rest
