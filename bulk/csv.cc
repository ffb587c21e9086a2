#include "bulk/csv.h"

#include <algorithm>

namespace tokenbroker::bulk {

void CsvRecord::Clear() { *this = CsvRecord(); }

CsvRecord::State CsvRecord::Add(std::string_view line) {
  const size_t index = lines_++;
  bytes_ += line.size() + 1;
  const bool has_return = !line.empty() && line.back() == '\r';
  const std::string_view bare = line.substr(0, line.size() - has_return);
  State state;
  if (open_) {
    fields_.back().text += '\n';
    size_t at = 0;
    state = TakeQuoted(bare, at) ? TakeRest(bare, at) : State::kOpen;
  } else {
    state = TakeFields(bare, 0);
  }
  open_ = state == State::kOpen;
  if (open_ && has_return) fields_.back().text += '\r';
  if (state == State::kBroken) error_line_ = index;
  return state;
}

CsvRecord::State CsvRecord::Break(const char* what, size_t column) {
  error_ = what;
  error_column_ = column;
  return State::kBroken;
}

CsvRecord::State CsvRecord::TakeFields(std::string_view line, size_t at) {
  if (fields_.size() == kMaxFields) return Break("a record has at most 64 fields", at + 1);
  fields_.push_back({"", lines_ - 1, at + 1});
  if (at < line.size() && line[at] == '"') {
    error_ = "the quote that opens here is never closed";
    error_line_ = lines_ - 1;
    error_column_ = ++at;
    if (!TakeQuoted(line, at)) return State::kOpen;
  } else {
    const size_t begin = at;
    TakePlain(line, at);
    const size_t quote = line.substr(begin, at - begin).find('"');
    if (quote != std::string_view::npos) {
      return Break("a quote inside a field that does not begin with one", begin + quote + 1);
    }
  }
  return TakeRest(line, at);
}

CsvRecord::State CsvRecord::TakeRest(std::string_view line, size_t at) {
  if (at == line.size()) return State::kComplete;
  if (line[at] != ',') return Break("only a comma may follow a closing quote", at + 1);
  return TakeFields(line, at + 1);
}

void CsvRecord::TakePlain(std::string_view line, size_t& at) {
  const size_t end = std::min(line.find(',', at), line.size());
  fields_.back().text.assign(line, at, end - at);
  at = end;
}

bool CsvRecord::TakeQuoted(std::string_view line, size_t& at) {
  while (true) {
    const size_t quote = std::min(line.find('"', at), line.size());
    fields_.back().text.append(line, at, quote - at);
    if (quote == line.size()) return false;
    at = quote + 1;
    if (at == line.size() || line[at] != '"') return true;
    fields_.back().text += '"';
    ++at;
  }
}

}  // namespace tokenbroker::bulk
