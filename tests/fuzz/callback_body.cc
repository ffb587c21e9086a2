// What comes as the body of a callback becomes JSON or is refused; what comes as a schema becomes fields that are HTML.
//
// The first byte picks the content type.
#include "base/json.h"
#include "server/pages/body.h"
#include "server/pages/fields.h"
#include "tests/fuzz/fuzz.h"

namespace tokenbroker::pages {
namespace {

constexpr const char* kTypes[] = {"application/json", "application/x-www-form-urlencoded", "text/plain", ""};

void Check(std::string_view type, std::string_view text) {
  const Form form = FormOf(text);
  const std::string html = FieldsHtml(form, {});
  TB_HOLDS(html.empty() == (form.fields.empty() && !form.free));
  const absl::StatusOr<Body> body = ReadBody(type, text);
  if (!body.ok()) return;
  const absl::StatusOr<std::string> output = OutputOf(*body, Form());
  if (output.ok()) TB_HOLDS(CheckJson(*output).ok());
  const absl::StatusOr<std::string> progress = ProgressOf(*body);
  if (progress.ok() && !progress->empty()) TB_HOLDS(CheckJson(*progress).ok());
  FailingOf(*body).status().IgnoreError();
}

}  // namespace
}  // namespace tokenbroker::pages

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  tokenbroker::pages::Check(tokenbroker::pages::kTypes[data[0] % 4], tokenbroker::ViewOf(data + 1, size - 1));
  return 0;
}
