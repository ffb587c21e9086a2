// Signatures in headers and queries: whatever comes, it is answered in AWS's words, in bounded time, and quotes no
// credentials. The key signs some of the corpus.
//
// Takes a request as text: "POST /path?query", lines of "Name: value", an empty line, the body.
#include <vector>

#include "base/json.h"
#include "server/aws/authorization.h"
#include "server/aws/verifier.h"
#include "tests/fuzz/fuzz.h"

namespace tokenbroker::aws {
namespace {

const KeySet& Keys() {
  static const KeySet* const keys = [] {
    auto* set = new KeySet;
    set->Add({"AKIDVECTORS", {}, {}, {}}, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    return set;
  }();
  return *keys;
}

std::string_view TakeUntil(char end, std::string_view& text) {
  const std::string_view taken = text.substr(0, text.find(end));
  text.remove_prefix(std::min(text.size(), taken.size() + 1));
  return taken;
}

void Check(std::string_view text) {
  std::vector<Header> headers;
  Request request;
  std::string_view line = TakeUntil('\n', text);
  request.method = TakeUntil(' ', line);
  request.path = TakeUntil('?', line);
  request.query = line;
  while (!text.empty() && !(line = TakeUntil('\n', text)).empty()) {
    const std::string_view name = TakeUntil(':', line);
    headers.push_back({name, line});
  }
  request.headers = headers;
  request.body = text;

  const Key* key = nullptr;
  const Error error = Verify(request, Keys(), 1'795'198'566'000, key);
  TB_HOLDS((key != nullptr) == !error);
  if (!error) return;
  TB_HOLDS(CheckJson(BodyOf(error)).ok());
  Authorization authorization;
  if (ReadAuthorization(request, authorization) || authorization.signature.size() < 32) return;
  TB_HOLDS(error.message.find(authorization.signature) == std::string::npos ||
           authorization.credential.find(authorization.signature) != std::string::npos ||
           authorization.timestamp.find(authorization.signature) != std::string::npos ||
           authorization.algorithm.find(authorization.signature) != std::string::npos ||
           request.Find("x-amz-content-sha256").find(authorization.signature) != std::string_view::npos);
}

}  // namespace
}  // namespace tokenbroker::aws

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tokenbroker::aws::Check(tokenbroker::ViewOf(data, size));
  return 0;
}
