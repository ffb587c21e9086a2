// No bytes are a token but those that Seal makes, nor a limited token but those that Limit makes of one.
#include "server/broker/token_codec.h"
#include "tests/fuzz/fuzz.h"

namespace tokenbroker::broker {
namespace {

const TokenCodec& Codec() {
  static const TokenCodec* const codec = [] {
    TokenKey key{1};
    key.secret.fill(42);
    return new TokenCodec(*KeyRing::Create({key}));
  }();
  return *codec;
}

void CheckLimited(std::string_view text) {
  TokenContent content;
  token::Limits limits;
  if (!Codec().OpenLimited(text, content, limits)) return;
  token::LimitedToken parts;
  TB_HOLDS(token::Split(text, parts) && !limits.none());
  TB_HOLDS(token::Limit(Codec().Seal(content), {std::string(parts.caveats)}).ok());
  TB_HOLDS(token::MacOf(Codec().Seal(content), parts.caveats) == parts.mac);
}

void Check(std::string_view text) {
  TokenContent content;
  if (Codec().Open(text, content)) TB_HOLDS(Codec().Seal(content) == text);
  CheckLimited(text);
  const absl::StatusOr<std::string> upstream = Codec().OpenUpstream(7, text);
  if (upstream.ok()) TB_HOLDS(Codec().SealUpstream(7, *upstream) == text);
}

}  // namespace
}  // namespace tokenbroker::broker

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tokenbroker::broker::Check(tokenbroker::ViewOf(data, size));
  return 0;
}
