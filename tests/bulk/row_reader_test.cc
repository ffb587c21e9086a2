#include "bulk/row_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/bulk/text_lines.h"

namespace tokenbroker::bulk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string Describe(const Row& row) {
  if (!row.settlement.ok()) return absl::StrCat(row.line, " ", std::string(row.settlement.status().message()));
  const bool succeeds = row.settlement->has_succeed();
  const v1::TaskRef& task = succeeds ? row.settlement->succeed().task() : row.settlement->fail().task();
  const std::string name =
      task.has_key() ? task.key().namespace_() + "/" + task.key().key() : task.token() + task.task_id();
  return absl::StrCat(row.line, " ", name, " ",
                      succeeds ? row.settlement->succeed().output()
                               : row.settlement->fail().error() + "!" + row.settlement->fail().cause());
}

// The rows; the one that ended the reading, if one did, with its text alone.
std::vector<std::string> ReadAll(const std::string& text, Format format) {
  TextLines lines(text);
  RowReader reader(lines, format, "ns");
  std::vector<std::string> rows;
  while (true) {
    Row row;
    const auto next = reader.Read(row, true);
    if (!next.ok()) rows.back() = std::string(next.status().message());
    if (!next.ok() || *next == RowReader::Next::kEnd) return rows;
    rows.push_back(Describe(row));
  }
}

TEST(RowReader, ReadsLinesOfJson) {
  EXPECT_THAT(ReadAll("\xEF\xBB\xBF{\"key\":\"a\",\"output\":1}\n\n \r\n{\"id\":\"b\",\"error\":\"e\"}\r\nnone",
                      Format::kJsonLines),
              ElementsAre("1 ns/a 1", "4 b e!", HasSubstr("5 not JSON")));
}

TEST(RowReader, TheHeaderNamesTheColumns) {
  EXPECT_THAT(ReadAll("\xEF\xBB\xBFkey,outcome,output,error,cause\r\n"
                      "a,succeed,\"{\"\"n\"\": 1}\",,\r\n"
                      "b,fail,,E,\"two\nlines\"\r\n"
                      "\r\n"
                      "c,succeed,,,\r\n",
                      Format::kCsv),
              ElementsAre("2 ns/a {\"n\": 1}", "3 ns/b E!two\nlines", "6 ns/c {}"));
  EXPECT_THAT(ReadAll("error,namespace,key,token\nE,other,a,\nE,,,tkA\n", Format::kCsv),
              ElementsAre("2 other/a E!", "3 tkA E!"));
}

TEST(RowReader, ABadRowIsItsOwnMatter) {
  EXPECT_THAT(ReadAll("key,outcome,output\n"
                      "a,succeed\n"
                      "a,done,\n"
                      "\xFF,succeed,1\n"
                      ",succeed,1\n"
                      "b,succeed,1",
                      Format::kCsv),
              ElementsAre("2 has 2 fields where the header has 3", HasSubstr("3 \"outcome\" must be succeed or fail"),
                          "4 column 1: \"key\" is not UTF-8", HasSubstr("5 must name its task"), "6 ns/b 1"));
}

TEST(RowReader, ABrokenRecordEndsTheReading) {
  EXPECT_THAT(ReadAll("key,output\na,1\nb,\"2\n\"x\nc,3\n", Format::kCsv),
              ElementsAre("2 ns/a 1", "line 4, column 2: only a comma may follow a closing quote"));
  EXPECT_THAT(ReadAll("key,output\na,1\nb,\"2\nc,3\n", Format::kCsv),
              ElementsAre("2 ns/a 1", "line 3, column 3: the quote that opens here is never closed"));
}

TEST(RowReader, ABadHeaderEndsTheReading) {
  EXPECT_THAT(ReadAll("key,outptu\na,1\n", Format::kCsv),
              ElementsAre("line 1: column 5: \"outptu\" is no column of a file of outcomes"));
  EXPECT_THAT(ReadAll("key,key,output\n", Format::kCsv), ElementsAre("line 1: column 5: \"key\" is there twice"));
  EXPECT_THAT(ReadAll("id,task_id,output\n", Format::kCsv), ElementsAre(HasSubstr("is there twice")));
  EXPECT_THAT(ReadAll("output\n1\n", Format::kCsv), ElementsAre(HasSubstr("needs one of the columns")));
  EXPECT_THAT(ReadAll("key\na\n", Format::kCsv), ElementsAre(HasSubstr("needs the column outcome")));
  EXPECT_THAT(ReadAll("", Format::kCsv), IsEmpty());
}

TEST(RowReader, ARecordHasABound) {
  const std::string line(1 << 20, 'x');
  std::string text = "key,output\na,\"";
  for (int i = 0; i < 9; ++i) text += line + "\n";
  EXPECT_THAT(ReadAll(text + "\"\n", Format::kCsv), ElementsAre("line 2: is longer than 8 MiB"));
}

TEST(RowReader, AnErrorNeverRepeatsTheToken) {
  for (const std::string& row : ReadAll("token,output\nsec ret,1\n\"sec\xFF\",1\n", Format::kCsv)) {
    EXPECT_THAT(row, Not(HasSubstr("sec")));
  }
}

TEST(RowReader, ATokenInThePlaceOfANameIsNotRepeated) {
  const std::string token = "T1x6T9SECRETSECRETSECRETSECRETSECRETabcd";
  EXPECT_THAT(ReadAll(token + ",succeed,1\n", Format::kCsv),
              ElementsAre("line 1: column 1: what may be a token is no column of a file of outcomes"));
  EXPECT_THAT(ReadAll("{\"" + token + "\": 1}", Format::kJsonLines),
              ElementsAre("1 what may be a token is no member of a row"));
}

}  // namespace
}  // namespace tokenbroker::bulk
