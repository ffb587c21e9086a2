#include "server/pages/page.h"

#include "absl/strings/str_cat.h"
#include "server/broker/broker.h"
#include "server/pages/details.h"
#include "server/pages/fields.h"
#include "server/pages/guard.h"
#include "server/pages/html.h"
#include "server/pages/style.h"
#include "server/pages/words.h"

namespace tokenbroker::pages {
namespace {

constexpr char kBrand[] =
    R"(<div class="brand"><svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" )"
    R"(stroke-linejoin="round" aria-hidden="true"><circle cx="12" cy="12" r="9"/><path d="M8 12.3l2.7 2.7L16 9.5"/></svg>)"
    R"(<span>Task Token Broker</span></div>)";

std::string Document(std::string_view title, const std::string& main) {
  std::string html =
      R"(<!doctype html><html lang="en"><head><meta charset="utf-8">)"
      R"(<meta name="viewport" content="width=device-width,initial-scale=1">)"
      R"(<meta name="robots" content="noindex,nofollow"><meta name="referrer" content="no-referrer"><title>)";
  html.append(Escaped(title)).append("</title><style>").append(StyleSheet());
  html.append("</style></head><body><main>").append(kBrand).append(main).append("</main></body></html>\n");
  return html;
}

std::string Percent(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte < 0x80 && std::isalnum(byte)) || c == '-' || c == '.' || c == '_' || c == '~';
    if (plain)
      out.push_back(c);
    else
      out.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
  }
  return out;
}

std::string FormStart(const PageContext& context, Action action) {
  const std::string path = context.action == Action::kPage ? Percent(context.token) + "/" : "";
  return absl::StrCat(R"(<form method="post" accept-charset="utf-8" autocomplete="off" action=")", path,
                      std::string(NameOf(action)), R"("><input type="hidden" name=")", kProofField, R"(" value=")",
                      ProofOf(context.token), R"(">)");
}

std::string ButtonText(const Sight& sight, std::string_view label, const char* otherwise) {
  const std::string_view text = LabelOf(sight.record, label);
  return text.empty() ? otherwise : Escaped(text);
}

std::string SucceedForm(const Sight& sight, const PageContext& context) {
  return absl::StrCat(
      FormStart(context, Action::kSucceed), FieldsHtml(FormOf(sight.record.issued.output_schema), context.filled),
      R"(<button class="go" type="submit">)", ButtonText(sight, kSucceedLabel, "Approve"), "</button></form>");
}

// A button for each error that a failure may carry; one if it may carry any.
std::string FailButtons(const Sight& sight) {
  const std::string text = ButtonText(sight, kFailLabel, "Decline");
  std::string html = R"(<div class="row">)";
  const auto add = [&](std::string_view error, const std::string& words) {
    absl::StrAppend(&html, R"(<button class="stop" type="submit" name="error" value=")", Escaped(error), R"(">)", words,
                    "</button>");
  };
  if (sight.errors.empty()) add(kDefaultError, text);
  for (const std::string_view error : sight.errors) {
    add(error, sight.errors.size() == 1 ? text : absl::StrCat(text, ": ", Escaped(error)));
  }
  return html + "</div>";
}

std::string FailForm(const Sight& sight, const PageContext& context) {
  return absl::StrCat(
      FormStart(context, Action::kFail),
      R"(<div class="field"><label for="cause">Reason <span class="hint">optional, is recorded</span></label>)",
      R"(<textarea id="cause" name="cause" maxlength="4000" rows="2">)", Escaped(ValueOf(context.filled, "cause")),
      "</textarea></div>", FailButtons(sight), "</form>");
}

std::string BeatForm(const PageContext& context) {
  return FormStart(context, Action::kHeartbeat) + R"(<button type="submit">Still at work</button></form>)";
}

std::string Part(std::string_view kind, std::string_view title, const std::string& content) {
  if (content.empty()) return "";
  std::string html = R"(<section class="part )";
  html.append(kind).append("\">");
  if (!title.empty()) html.append("<h2>").append(title).append("</h2>");
  return html + content + "</section>";
}

std::string Actions(const Sight& sight, const PageContext& context) {
  std::string html;
  html += Part("", "", sight.may_succeed ? SucceedForm(sight, context) : "");
  html += Part("", "", sight.may_fail ? FailForm(sight, context) : "");
  html += Part("", "", sight.may_beat ? BeatForm(context) : "");
  if (!html.empty() || sight.record.state != broker::TaskState::kWaiting) return html;
  return Part("note", "", "<p>This link is for looking only.</p>");
}

std::string Problem(const PageContext& context) {
  if (context.problem.empty()) return "";
  return R"(<section class="part problem" role="alert"><p><strong>Not done.</strong> )" + Escaped(context.problem) +
         "</p></section>";
}

std::string Title(const Sight& sight) {
  const std::string_view summary = sight.record.issued.summary;
  return summary.empty() ? "A task is waiting for you" : std::string(summary);
}

}  // namespace

std::string PagePath(std::string_view token, Action from) {
  return from == Action::kPage ? Percent(token) : "../" + Percent(token);
}

std::string TaskPage(const Sight& sight, const PageContext& context) {
  const std::string title = Title(sight);
  std::string main = absl::StrCat(R"(<article class="card"><header class="part">)", StatePill(sight), "<h1>",
                                  Escaped(title), "</h1>", WhenLine(sight), "</header>");
  main += Problem(context);
  main += Part("", "Decision", DecisionHtml(sight));
  main += Part("", "Details", LabelsHtml(sight));
  main += Part("", "What it is about", InputHtml(sight));
  main += Actions(sight, context);
  absl::StrAppend(&main, "</article><footer>Task <code>", broker::FormatTaskId(0, sight.record.task), "</code>",
                  sight.record.state == broker::TaskState::kWaiting
                      ? " · Looking at this page changes nothing; only its buttons do."
                      : "",
                  "</footer>");
  return Document(absl::StrCat(std::string(StateWords(sight.record.state)), ": ", title), main);
}

std::string MessagePage(std::string_view title, std::string_view text) {
  return Document(title, absl::StrCat(R"(<article class="card"><header class="part"><h1>)", Escaped(title), "</h1><p>",
                                      Escaped(text), "</p></header></article>"));
}

}  // namespace tokenbroker::pages
