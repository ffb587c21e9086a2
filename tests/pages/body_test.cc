#include "server/pages/body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokenbroker::pages {
namespace {

std::string Output(std::string_view type, std::string_view body) {
  const auto read = ReadBody(type, body);
  if (!read.ok()) return "refused";
  const auto output = OutputOf(*read, Form());
  return output.ok() ? *output : "refused";
}

TEST(Body, JsonStaysAsItIs) {
  EXPECT_EQ(Output("application/json", R"({ "a": 1.0 })"), R"({ "a": 1.0 })");
  EXPECT_EQ(Output("Application/JSON; charset=utf-8", "1"), "1");
  EXPECT_EQ(Output("application/cloudevents+json", "[]"), "[]");
  EXPECT_EQ(Output("application/json", "{"), "refused");
}

TEST(Body, CurlSaysFormOfEverything) {
  EXPECT_EQ(Output("application/x-www-form-urlencoded", R"({"a":1})"), R"({"a":1})");
  EXPECT_EQ(Output("application/x-www-form-urlencoded", "a=1&b=x+y%21"), R"({"a":"1","b":"x y!"})");
  EXPECT_EQ(Output("application/x-www-form-urlencoded", "a=%FF"), "refused");
}

TEST(Body, TextsBecomeJsonTexts) {
  EXPECT_EQ(Output("text/plain", "42"), "\"42\"");
  EXPECT_EQ(Output("text/plain; charset=utf-8", "a\n\"b\""), R"("a\n\"b\"")");
  EXPECT_EQ(Output("text/plain", "\xff"), "refused");
}

TEST(Body, WithoutATypeJsonIsTakenForJson) {
  EXPECT_EQ(Output("", "42"), "42");
  EXPECT_EQ(Output("application/octet-stream", "done"), "\"done\"");
}

TEST(Body, NothingIsAnEmptyObject) {
  for (const char* type : {"", "application/json", "application/x-www-form-urlencoded", "text/plain", "image/png"}) {
    EXPECT_EQ(Output(type, ""), "{}") << type;
    EXPECT_EQ(Output(type, " \r\n"), "{}") << type;
  }
}

std::string Complaint(std::string_view type, std::string_view body) {
  return std::string(ReadBody(type, body).status().message());
}

TEST(Body, AFieldOfAFormComesOnce) {
  constexpr char kForm[] = "application/x-www-form-urlencoded";
  EXPECT_EQ(Complaint(kForm, "n=1&n=2"), "the field n of the form is there twice");
  EXPECT_EQ(Complaint(kForm, "n=1&%6E=1"), "the field n of the form is there twice");
  EXPECT_EQ(Complaint(kForm, "error=a&error=b"), "the field error of the form is there twice");
  const std::string longer(65, 'x');
  EXPECT_EQ(Complaint(kForm, longer + "&" + longer), "a field of the form is there twice");
  EXPECT_EQ(Complaint(kForm, "n=1&m=1"), "");
}

TEST(Body, IsCalledByItsNameInComplaints) {
  EXPECT_EQ(Complaint("application/json", "{"),
            "the body is not JSON: expected a name in double quotes (line 1, column 2, offset 1)");
  EXPECT_EQ(FailingOf(*ReadBody("application/json", "[]")).status().message(),
            "the body must be an object with \"error\" and \"cause\"");
  EXPECT_EQ(FailingOf(*ReadBody("application/json", R"({"error":1})")).status().message(),
            "the member \"error\" must be a text");
}

TEST(Body, OtherTypesAreRefused) {
  EXPECT_TRUE(absl::IsUnimplemented(ReadBody("multipart/form-data", "x").status()));
  EXPECT_TRUE(absl::IsUnimplemented(ReadBody("image/png", "x").status()));
}

TEST(Body, FailuresComeInThreeForms) {
  const auto failing = [](std::string_view type, std::string_view body) {
    const auto read = FailingOf(*ReadBody(type, body));
    return read.ok() ? read->error + "|" + read->cause : "refused";
  };
  EXPECT_EQ(failing("application/json", R"({"error":"E","cause":"c"})"), "E|c");
  EXPECT_EQ(failing("application/x-www-form-urlencoded", "cause=c+d&error=E&other=1"), "E|c d");
  EXPECT_EQ(failing("text/plain", "because"), "|because");
  EXPECT_EQ(failing("", ""), "|");
  EXPECT_EQ(failing("application/json", "[]"), "refused");
  EXPECT_EQ(failing("application/json", R"({"error":null})"), "refused");
  EXPECT_EQ(failing("application/json", R"({"error":"a","error":"a"})"), "refused");
  EXPECT_EQ(failing("application/json", R"({"err\u006fr":"\u00e9"})"), "\u00e9|");
  EXPECT_EQ(failing("application/json", R"({"code":"E"})"), "refused");
}

TEST(Body, ProgressIsJson) {
  EXPECT_EQ(*ProgressOf(*ReadBody("", "")), "");
  EXPECT_EQ(*ProgressOf(*ReadBody("application/json", "3")), "3");
  EXPECT_EQ(*ProgressOf(*ReadBody("text/plain", "half")), "\"half\"");
  EXPECT_EQ(*ProgressOf(*ReadBody("application/x-www-form-urlencoded", "_form=x")), "");
}

}  // namespace
}  // namespace tokenbroker::pages
