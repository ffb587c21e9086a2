#include "tools/openapi/comments.h"

#include <algorithm>
#include <sstream>

namespace tokenbroker::openapi {
namespace {

constexpr char kReasonPrefix[] = "ERROR_REASON_";

bool IsWordCharacter(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// Whether a line begins something of its own rather than going on with the paragraph before.
bool StandsAlone(const std::string& line) { return line.empty() || line[0] == ' ' || line[0] == '*' || line[0] == '-'; }

bool ContainsWord(const std::string& text, const std::string& word) {
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const size_t end = at + word.size();
    if ((at == 0 || !IsWordCharacter(text[at - 1])) && (end == text.size() || !IsWordCharacter(text[end]))) return true;
  }
  return false;
}

}  // namespace

std::string Markdown(const std::string& comment) {
  std::istringstream lines(comment);
  std::string text;
  bool after_break = true;
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line[0] == ' ') line.erase(0, 1);
    const bool alone = StandsAlone(line);
    if (!text.empty()) text += alone || after_break ? "\n" : " ";
    text += line;
    after_break = line.empty();
  }
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string FirstSentence(const std::string& text) {
  const std::string paragraph = text.substr(0, text.find('\n'));
  const size_t end = paragraph.find(". ");
  std::string sentence = paragraph.substr(0, end);
  if (!sentence.empty() && sentence.back() == '.') sentence.pop_back();
  return sentence;
}

std::vector<std::string> ReasonsIn(const std::string& comment, const google::protobuf::EnumDescriptor& reasons) {
  const size_t from = comment.find("Errors");
  if (from == std::string::npos) return {};
  const size_t colon = std::min(comment.find(':', from), comment.size());
  std::vector<std::string> found;
  for (int i = 1; i < reasons.value_count(); ++i) {
    const std::string name = reasons.value(i)->name().substr(sizeof(kReasonPrefix) - 1);
    if (ContainsWord(comment.substr(colon), name)) found.push_back(name);
  }
  return found;
}

}  // namespace tokenbroker::openapi
