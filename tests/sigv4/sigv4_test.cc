#include "server/sigv4/sigv4.h"

#include <gtest/gtest.h>

#include "server/sigv4/url_text.h"

namespace tokenbroker::aws {
namespace {

// The example of AWS's own guide ("Deriving the signing key"), and its request to IAM.
TEST(SigV4, IsThatOfTheGuide) {
  const Scope scope{"20150830", "us-east-1", "iam"};
  const Digest key = SigningKey("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", scope);
  EXPECT_EQ(Hex(key), "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
  const std::vector<Header> headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
                                       {"Host", "iam.amazonaws.com"},
                                       {"X-Amz-Date", "20150830T123600Z"}};
  const Request request{"GET", "/", "Action=ListUsers&Version=2010-05-08", headers, "", ""};
  const auto canonical = CanonicalRequest(request, "content-type;host;x-amz-date", Hex(Sha256("")));
  ASSERT_TRUE(canonical.has_value());
  EXPECT_EQ(Hex(Sha256(*canonical)), "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59");
  EXPECT_EQ(Signature(key, StringToSign("20150830T123600Z", scope, *canonical)),
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

TEST(SigV4, TakesPathsApart) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "/"},          {"/", "/"},     {"//", "/"},        {"/a/../b/./c//d/", "/b/c/d/"},
      {"/../x", "/x"},    {"/a/..", "/"}, {"/%20", "/%2520"}, {"/a~b-c_d.e", "/a~b-c_d.e"},
      {"/a+b", "/a%2Bb"}, {"/.", "/"},    {"/..//../", "/"},  {"/\xC3\xA9", "/%C3%A9"},
  };
  for (const auto& [path, canonical] : cases) EXPECT_EQ(CanonicalPath(path), canonical) << path;
}

TEST(SigV4, SortsQueriesAndEncodesThemInOneWay) {
  EXPECT_EQ(CanonicalQuery(""), "");
  EXPECT_EQ(CanonicalQuery("b=2&a=1&a=0&A"), "A=&a=0&a=1&b=2");
  EXPECT_EQ(CanonicalQuery("k=%c3%A9&k2=\xC3\xA9&+=%2B"), "%20=%2B&k=%C3%A9&k2=%C3%A9");
  EXPECT_EQ(CanonicalQuery("a=b=c&&x=%zz&y=%4"), "a=b%3Dc&x=%25zz&y=%254");
  EXPECT_EQ(CanonicalQuery("X-Amz-Signature=1&X-Amz-Date=2"), "X-Amz-Date=2");
}

TEST(SigV4, TakesHeadersThatAreThereInAscendingOrder) {
  const std::vector<Header> headers = {{"HOST", " a  b\t c "}, {"x", "1"}, {"X", "2"}, {"empty", ""}};
  EXPECT_EQ(CanonicalHeaders(headers, "host"), "host:a b c\n");
  EXPECT_EQ(CanonicalHeaders(headers, "empty;host;x"), "empty:\nhost:a b c\nx:1,2\n");
  EXPECT_EQ(CanonicalHeaders(headers, ""), "");
  for (const char* refused : {"x;host", "host;host", "absent", "host;;x", ";host"}) {
    EXPECT_EQ(CanonicalHeaders(headers, refused), std::nullopt) << refused;
  }
}

TEST(UrlText, DecodesWhatIsEncodedAndNothingElse) {
  EXPECT_EQ(Decoded("a%20b%2fc%2F+%"), "a b/c/ %");
  EXPECT_EQ(Decoded("%0"), "%0");
}

}  // namespace
}  // namespace tokenbroker::aws
