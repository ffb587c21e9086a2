// Comma-separated values as RFC 4180 has them, put together from physical lines, so that a record is never more than
// what one buffer holds.
//
//   CsvRecord record;
//   do { ... next line ... } while (record.Add(line) == CsvRecord::State::kOpen);
//
// Strict: a quote inside a field without quotes, or anything but a comma behind a closing quote, ends the reading,
// because where the next record begins is not certain then. Spaces belong to their field. A field in quotes may hold
// line breaks, which stay as they are; a carriage return before any other line break is dropped.
//
// Why not libcsv, the one small reader among Debian's packages: its callbacks tell no places, so that a result could
// not name its line, nor an error its column; it passes over blank lines and takes spaces off by itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tokenbroker::bulk {

class CsvRecord {
 public:
  // More than there are columns; bounds memory and depth.
  static constexpr size_t kMaxFields = 64;

  enum class State {
    kComplete,
    // A quote is open: the record goes on in the next line.
    kOpen,
    // See error().
    kBroken,
  };

  struct Field {
    std::string text;
    // Where it starts: the line in the record, from 0, and the column in bytes, from 1.
    size_t line = 0;
    size_t column = 1;
  };

  // Takes the next physical line, without its line feed.
  State Add(std::string_view line);
  // Begins anew.
  void Clear();

  const std::vector<Field>& fields() const { return fields_; }
  // The lines that the record has taken.
  size_t lines() const { return lines_; }
  size_t bytes() const { return bytes_; }
  // What is wrong; of an open record, what it misses. The place stands in error_line(), from 0, and error_column().
  const char* error() const { return error_; }
  size_t error_line() const { return error_line_; }
  size_t error_column() const { return error_column_; }

 private:
  State Break(const char* what, size_t column);
  // Both take a part of the line from `at` on and stand behind it. False when the line ends inside the quotes.
  bool TakeQuoted(std::string_view line, size_t& at);
  void TakePlain(std::string_view line, size_t& at);
  // The rest of the line, behind a closing quote or at the beginning of a field.
  State TakeRest(std::string_view line, size_t at);
  State TakeFields(std::string_view line, size_t at);

  std::vector<Field> fields_;
  bool open_ = false;
  size_t lines_ = 0;
  size_t bytes_ = 0;
  const char* error_ = "";
  size_t error_line_ = 0;
  size_t error_column_ = 0;
};

}  // namespace tokenbroker::bulk
