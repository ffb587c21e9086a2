#include "cli/table.h"

#include <algorithm>

#include "cli/advice.h"

namespace tokenbroker::cli {
namespace {

bool StartsCharacter(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

// Characters, not bytes: UTF-8 continuation bytes take no room.
size_t Width(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), StartsCharacter));
}

std::string Cut(const std::string& text) {
  if (Width(text) <= Table::kWidestCell) return text;
  size_t end = 0;
  for (size_t characters = 0; end < text.size(); ++end) {
    if (StartsCharacter(text[end]) && ++characters == Table::kWidestCell) break;
  }
  return text.substr(0, end) + "…";
}

}  // namespace

void Table::Add(Row row) {
  for (std::string& cell : row) cell = Cut(Printable(cell));
  rows_.push_back(std::move(row));
}

void Table::PrintRow(std::ostream& out, const Row& row, const std::vector<size_t>& widths) const {
  for (size_t i = 0; i < row.size(); ++i) {
    out << row[i];
    if (i + 1 < row.size()) out << std::string(widths[i] - Width(row[i]) + 2, ' ');
  }
}

void Table::Print(std::ostream& out, bool colour) const {
  std::vector<size_t> widths;
  for (size_t i = 0; i < header_.size(); ++i) {
    widths.push_back(Width(header_[i]));
    for (const Row& row : rows_) widths[i] = std::max(widths[i], Width(row[i]));
  }
  if (colour) out << "\x1b[1m";
  PrintRow(out, header_, widths);
  out << (colour ? "\x1b[0m\n" : "\n");
  for (const Row& row : rows_) {
    PrintRow(out, row, widths);
    out << "\n";
  }
}

void Sheet::Add(const std::string& name, const std::string& value) {
  if (!value.empty()) lines_.emplace_back(name + ":", Printable(value));
}

void Sheet::Print(std::ostream& out) const {
  size_t width = 0;
  for (const auto& [name, value] : lines_) width = std::max(width, name.size());
  for (const auto& [name, value] : lines_) out << name << std::string(width - name.size() + 2, ' ') << value << "\n";
}

}  // namespace tokenbroker::cli
