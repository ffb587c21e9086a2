#include "server/pages/fields.h"

#include "absl/strings/str_cat.h"
#include "server/pages/html.h"

namespace tokenbroker::pages {
namespace {

std::string Label(const Field& field, const std::string& id) {
  std::string hint = Escaped(field.description);
  const bool optional = !field.required && field.kind != Field::Kind::kBoolean;
  if (optional) absl::StrAppend(&hint, hint.empty() ? "" : " – ", "optional");
  return absl::StrCat(R"(<label for=")", id, R"(">)", Escaped(field.title),
                      hint.empty() ? "" : absl::StrCat(R"( <span class="hint">)", hint, "</span>"), "</label>");
}

std::string Start(const char* element, const Field& field, const std::string& id) {
  return absl::StrCat("<", element, R"( id=")", id, R"(" name=")", Escaped(field.name), R"(")",
                      field.required && field.kind != Field::Kind::kBoolean ? " required" : "");
}

std::string ChoiceHtml(const Field& field, const std::string& id, std::string_view value) {
  std::string html = Start("select", field, id) + R"(><option value=""></option>)";
  for (const std::string& choice : field.choices) {
    absl::StrAppend(&html, R"(<option value=")", Escaped(choice), R"(")", choice == value ? " selected" : "", ">",
                    Escaped(choice), "</option>");
  }
  return html + "</select>";
}

std::string ControlHtml(const Field& field, const std::string& id, std::string_view value) {
  switch (field.kind) {
    case Field::Kind::kChoice:
      return ChoiceHtml(field, id, value);
    case Field::Kind::kLongText:
      return absl::StrCat(Start("textarea", field, id), ">", Escaped(value), "</textarea>");
    case Field::Kind::kBoolean:
      return absl::StrCat(Start("input", field, id), R"( type="checkbox" value="true")",
                          value == "true" ? " checked" : "", ">");
    case Field::Kind::kNumber:
    case Field::Kind::kInteger:
      return absl::StrCat(Start("input", field, id), R"( type="number" inputmode="decimal" step=")",
                          field.kind == Field::Kind::kInteger ? "1" : "any", R"(" value=")", Escaped(value), R"(">)");
    case Field::Kind::kText:
      break;
  }
  return absl::StrCat(Start("input", field, id), R"( type="text" value=")", Escaped(value), R"(">)");
}

std::string FieldHtml(const Field& field, const std::string& id, std::string_view value) {
  const bool check = field.kind == Field::Kind::kBoolean;
  const std::string label = Label(field, id);
  const std::string control = ControlHtml(field, id, value);
  return check ? absl::StrCat(R"(<div class="field check">)", control, label, "</div>")
               : absl::StrCat(R"(<div class="field">)", label, control, "</div>");
}

}  // namespace

std::string FieldsHtml(const Form& form, const Filled& filled) {
  std::string html;
  for (size_t i = 0; i < form.fields.size(); ++i) {
    const Field& field = form.fields[i];
    const std::string_view given = ValueOf(filled, field.name);
    html += FieldHtml(field, absl::StrCat("f", i), filled.empty() ? std::string_view(field.preset) : given);
  }
  if (!form.free) return html;
  Field json{kOutputField, "Answer", "as JSON", Field::Kind::kLongText, true, "", {}};
  return FieldHtml(json, "f0", ValueOf(filled, kOutputField));
}

}  // namespace tokenbroker::pages
