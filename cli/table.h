// Columns of text for people.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace tokenbroker::cli {

// Cells are cut to `kWidestCell` characters and shown without control characters. The last column is not padded.
class Table {
 public:
  using Row = std::vector<std::string>;
  static constexpr size_t kWidestCell = 64;

  explicit Table(Row header) : header_(std::move(header)) {}
  void Add(Row row);
  // `colour` sets the header bold.
  void Print(std::ostream& out, bool colour) const;

 private:
  void PrintRow(std::ostream& out, const Row& row, const std::vector<size_t>& widths) const;

  Row header_;
  std::vector<Row> rows_;
};

// "name:  value" lines for one thing; empty values are left out.
class Sheet {
 public:
  void Add(const std::string& name, const std::string& value);
  void Print(std::ostream& out) const;

 private:
  std::vector<std::pair<std::string, std::string>> lines_;
};

}  // namespace tokenbroker::cli
