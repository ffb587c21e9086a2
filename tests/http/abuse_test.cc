// Requests that mean harm, or come from a broken client: each is refused with a status, and the connection closed or
// kept as it must be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/http/server_fixture.h"

namespace tokenbroker::http {
namespace {

enum class After { kCloses, kStays };

struct Abuse {
  const char* name;
  std::string request;
  int status;
  After after = After::kCloses;
};

std::string Get(const std::string& fields) { return "GET /hello HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n"; }
std::string Post(const std::string& fields, const std::string& body = "") {
  return "POST /echo HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n" + body;
}
const char kChunked[] = "Transfer-Encoding: chunked\r\n";

std::vector<Abuse> Abuses() {
  using std::string;
  return {
      // Two readings of where the body ends.
      {"LengthAndChunked", Post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
      {"ChunkedAndLength", Post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n"), 400},
      {"TwoLengths", Post("Content-Length: 3\r\nContent-Length: 4\r\n", "abcd"), 400},
      {"SameLengthTwice", Post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"), 400},
      {"ListOfLengths", Post("Content-Length: 3, 3\r\n", "abc"), 400},
      {"SignedLength", Post("Content-Length: +3\r\n", "abc"), 400},
      {"NegativeLength", Post("Content-Length: -3\r\n", "abc"), 400},
      {"HexadecimalLength", Post("Content-Length: 0x3\r\n", "abc"), 400},
      {"EmptyLength", Post("Content-Length: \r\n", "abc"), 400},
      {"LengthOverflows", Post("Content-Length: 18446744073709551617\r\n", "a"), 400},
      {"ChunkedTwice", Post(string(kChunked) + kChunked, "0\r\n\r\n"), 400},
      {"ChunkedNotLast", Post("Transfer-Encoding: chunked, gzip\r\n"), 400},
      {"GzipOnly", Post("Transfer-Encoding: gzip\r\n"), 400},
      {"Identity", Post("Transfer-Encoding: identity\r\n"), 400},
      {"GzipThenChunked", Post("Transfer-Encoding: gzip, chunked\r\n"), 501},
      {"ChunkedWithVerticalTab",
       Post("Transfer-Encoding: \x0b"
            "chunked\r\n"),
       400},
      {"ChunkedInQuotes", Post("Transfer-Encoding: \"chunked\"\r\n"), 400},
      {"OldVersionChunked", "POST /echo HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      // Lines.
      {"BareLineFeed", "GET /hello HTTP/1.1\nHost: x\n\n", 400},
      {"BareLineFeedInFields", Get("A: b\nTransfer-Encoding: chunked\r\n"), 400},
      {"BareCarriageReturn", Get("A: b\rTransfer-Encoding: chunked\r\n"), 400},
      {"Folded", Get("A: b\r\n c\r\n"), 400},
      {"FoldedWithTab", Get("A: b\r\n\tc\r\n"), 400},
      {"SpaceBeforeFirstField", "GET /hello HTTP/1.1\r\n Host: x\r\n\r\n", 400},
      {"SpaceBeforeColon", Get("A : b\r\n"), 400},
      {"LengthWithSpaceBeforeColon", Post("Content-Length : 3\r\n", "abc"), 400},
      {"NoColon", Get("abc\r\n"), 400},
      {"EmptyName", Get(": b\r\n"), 400},
      {"ControlInName", Get(string("A\x01: b\r\n")), 400},
      {"NulInValue", Get(string("A: b\0c\r\n", 8)), 400},
      {"DeleteInValue", Get("A: b\x7f\r\n"), 400},
      {"NotHttp", "\x16\x03\x01\x02", 400},
      {"EmptyLinesForEver", "\r\n\r\n\r\n\r\n", 400},
      // Request lines.
      {"NoVersion", "GET /hello\r\n\r\n", 400},
      {"TwoSpaces", "GET  /hello HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"SpaceInTarget", "GET /hel lo HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"TabAsSpace", "GET\t/hello HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"LowerCaseVersion", "GET /hello http/1.1\r\nHost: x\r\n\r\n", 400},
      {"Version2", "GET /hello HTTP/2.0\r\nHost: x\r\n\r\n", 505},
      {"Preface2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"Version12", "GET /hello HTTP/1.2\r\nHost: x\r\n\r\n", 505},
      {"UnknownMethod", "FROB /hello HTTP/1.1\r\nHost: x\r\n\r\n", 501},
      {"LowerCaseMethod", "get /hello HTTP/1.1\r\nHost: x\r\n\r\n", 501},
      {"Connect", "CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", 501},
      {"AuthorityForm", "GET x:443 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"AsteriskForGet", "GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"OtherScheme", "GET ftp://x/hello HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"AbsoluteWithoutHost", "GET http:///hello HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"AbsoluteWithUser", "GET http://a@x/hello HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"Fragment", "GET /hello#x HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"Utf8InTarget", "GET /h\xc3\xa4llo HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      // Host.
      {"NoHost", "GET /hello HTTP/1.1\r\n\r\n", 400},
      {"TwoHosts", "GET /hello HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400},
      {"HostWithPath", "GET /hello HTTP/1.1\r\nHost: x/y\r\n\r\n", 400},
      {"HostWithSpace", "GET /hello HTTP/1.1\r\nHost: x y\r\n\r\n", 400},
      // Chunks.
      {"ChunkSizeOverflows", Post(kChunked, "10000000000000000\r\nabc\r\n0\r\n\r\n"), 400},
      {"ChunkSizeIsNoNumber", Post(kChunked, "xyz\r\nabc\r\n0\r\n\r\n"), 400},
      {"ChunkSizeIsNegative", Post(kChunked, "-1\r\nabc\r\n0\r\n\r\n"), 400},
      {"ChunkSizeWithPrefix", Post(kChunked, "0x3\r\nabc\r\n0\r\n\r\n"), 400},
      {"ChunkEndsWithLineFeed", Post(kChunked, "3\nabc\n0\n\n\r\n"), 400},
      {"ChunkIsLonger", Post(kChunked, "3\r\nabcd\r\n0\r\n\r\n"), 400},
      {"ChunkExtensionInQuotes", Post(kChunked, "3;a=\"b\r\nabc\r\n0\r\n\r\n"), 400},
      {"ChunkSizeFollowedBySpace", Post(kChunked, "3 \r\nabc\r\n0\r\n\r\n"), 400},
      {"TrailerIsFolded", Post(kChunked, "0\r\nA: b\r\n c\r\n\r\n"), 400},
      {"TrailersWithoutEnd", Post(kChunked, "0\r\nA: " + string(20'000, 'a')), 400},
      {"ChunkHeaderWithoutEnd", Post(kChunked, "3;" + string(20'000, 'a')), 400},
      {"ChunkTooLarge", Post(kChunked, "ffffffff\r\n" + string(20'000, 'a')), 413},
      // Too much.
      {"TargetTooLong", "GET /" + string(9'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", 414},
      {"TargetWithoutEnd", "GET /" + string(9'000, 'a'), 414},
      {"HeadTooLong", Get("A: " + string(17'000, 'a') + "\r\n"), 431},
      {"HeadWithoutEnd", "GET /hello HTTP/1.1\r\nA: " + string(17'000, 'a'), 431},
      {"TooManyFields",
       [] {
         string fields;
         for (int i = 0; i < 101; ++i) fields += "A: b\r\n";
         return Get(fields);
       }(),
       431},
      {"BodyTooLarge", Post("Content-Length: 5000000000\r\n"), 413},
      {"LittleBodyTooLargeForItsRoute", "POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n123456789", 413,
       After::kStays},
      {"BodyTooLargeThatIsNotSent",
       "POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n", 413},
      // Codings and expectations.
      {"UnknownCoding", Post("Content-Encoding: br\r\nContent-Length: 3\r\n", "abc"), 415},
      {"TwoCodings", Post("Content-Encoding: gzip, gzip\r\nContent-Length: 3\r\n", "abc"), 415},
      {"NoGzip", Post("Content-Encoding: gzip\r\nContent-Length: 3\r\n", "abc"), 400},
      {"UnknownExpectation", Post("Expect: 200-maybe\r\nContent-Length: 3\r\n", "abc"), 417},
      // Routes: nothing is wrong with the bytes.
      {"UnknownRoute", "GET /helo HTTP/1.1\r\nHost: x\r\n\r\n", 404, After::kStays},
      {"UnknownRouteWithBody", "POST /helo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 404, After::kStays},
      {"UnknownRouteWithChunks",
       "POST /helo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", 404, After::kStays},
      {"OtherMethod", "POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 405, After::kStays},
      {"HalfAnEscape", "GET /v1/things/a%2 HTTP/1.1\r\nHost: x\r\n\r\n", 400, After::kStays},
      {"NoEscape", "GET /v1/things/a%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400, After::kStays},
      {"EscapedNul", "GET /v1/things/a%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400, After::kStays},
      {"Throws", "GET /throw HTTP/1.1\r\nHost: x\r\n\r\n", 500, After::kStays},
      {"Drops", "GET /drop HTTP/1.1\r\nHost: x\r\n\r\n", 500, After::kStays},
  };
}

class AbuseTest : public ServerTest {};

TEST_F(AbuseTest, IsRefused) {
  Start();
  for (const Abuse& abuse : Abuses()) {
    SCOPED_TRACE(abuse.name);
    RawPeer peer = Connect();
    peer.Send(abuse.request);
    const RawAnswer answer = peer.ReadAnswer();
    EXPECT_EQ(answer.status, abuse.status) << answer.head;
    EXPECT_EQ(answer.body.substr(0, 4), std::to_string(abuse.status) + " ");
    EXPECT_NE(answer.Field("X-Request-Id"), "");
    if (abuse.after == After::kCloses) {
      EXPECT_EQ(answer.Field("Connection"), "close");
      EXPECT_TRUE(peer.IsClosed());
    } else {
      EXPECT_EQ(answer.Field("Connection"), "");
      peer.Send(kGet);
      EXPECT_EQ(peer.ReadAnswer().body, "hi");
    }
  }
}

// What is behind a request that was refused must not be taken for the next.
TEST_F(AbuseTest, NothingBehindARefusedRequestIsRun) {
  Start();
  for (const Abuse& abuse : Abuses()) {
    if (abuse.after == After::kStays) continue;
    SCOPED_TRACE(abuse.name);
    RawPeer peer = Connect();
    peer.Send(abuse.request + kGet);
    const RawAnswer answer = peer.ReadAnswer();
    EXPECT_EQ(answer.status, abuse.status);
    EXPECT_EQ(peer.ReadAll(), "");
  }
}

// However the bytes are cut, the answer is the same.
TEST_F(AbuseTest, ByteByByteIsTheSame) {
  Start();
  for (const Abuse& abuse : Abuses()) {
    if (abuse.request.size() > 400) continue;
    SCOPED_TRACE(abuse.name);
    RawPeer peer = Connect();
    for (const char byte : abuse.request) {
      if (!peer.Send({&byte, 1})) break;
    }
    EXPECT_EQ(peer.ReadAnswer().status, abuse.status);
  }
}

TEST_F(AbuseTest, ThingsThatAreAllowedWork) {
  Start();
  EXPECT_EQ(Ask("\r\nGET /hello HTTP/1.1\r\nHost: x\r\n\r\n").body, "hi");
  EXPECT_EQ(Ask("GET http://other/hello?a=b HTTP/1.1\r\nHost: x\r\n\r\n").body, "hi");
  EXPECT_EQ(Ask("GET /hello HTTP/1.1\r\nHost:\r\n\r\n").body, "hi");
  EXPECT_EQ(Ask("GET /hello HTTP/1.1\r\nHost:[::1]:80\r\n\r\n").body, "hi");
  EXPECT_EQ(Ask("GET /%68ello HTTP/1.1\r\nhOsT: x\r\n\r\n").body, "hi");
  EXPECT_EQ(Ask("GET /v1/things/a%2Fb HTTP/1.1\r\nHost: x\r\n\r\n").body, "get a/b");
  EXPECT_EQ(Ask("GET /hello HTTP/1.0\r\n\r\n").body, "hi");
  EXPECT_EQ(Ask(Post("Transfer-Encoding: ChUnKeD\r\n", "3;a=b; c=d\r\nabc\r\n0\r\nTrailer: x\r\n\r\n")).body, "abc");
  EXPECT_EQ(Ask(Post("Content-Length: 3\r\nA: \t b\t \r\nEmpty:\r\n", "abc")).body, "abc");
}

// A trailer must not change what the head has said.
TEST_F(AbuseTest, TrailersAreForgotten) {
  Start();
  RawPeer peer = Connect();
  peer.Send(Post(kChunked, "3\r\nabc\r\n0\r\nConnection: close\r\nX-Request-Id: evil\r\n\r\n"));
  const RawAnswer answer = peer.ReadAnswer();
  EXPECT_EQ(answer.body, "abc");
  EXPECT_EQ(answer.Field("Connection"), "");
  peer.Send(kGet);
  EXPECT_EQ(peer.ReadAnswer().body, "hi");
}

TEST_F(AbuseTest, AnswersNameTheNearestRouteAndTheMethods) {
  Start();
  EXPECT_THAT(Ask("POST /v1/thing/7:act HTTP/1.1\r\nHost: x\r\n\r\n").body,
              testing::HasSubstr("POST /v1/things/{id}:act"));
  EXPECT_THAT(Ask("GET /nothing/like/it HTTP/1.1\r\nHost: x\r\n\r\n").body,
              testing::Not(testing::HasSubstr("nearest")));
  EXPECT_EQ(Ask("DELETE /park HTTP/1.1\r\nHost: x\r\n\r\n").Field("Allow"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(Ask("OPTIONS /park HTTP/1.1\r\nHost: x\r\n\r\n").Field("Allow"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(Ask("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n").status, 204);
}

}  // namespace
}  // namespace tokenbroker::http
