// POST /v1/settlements:stream: a line in, a line out.
#include <sys/socket.h>

#include "absl/strings/str_cat.h"
#include "tests/web/web_fixture.h"

namespace tokenbroker::web {
namespace {

class SettleLinesTest : public WebFixture {
 protected:
  static std::string Line(int id, const std::string& token, const std::string& output = "1") {
    return Json{{"batchId", std::to_string(id)},
                {"items", {{{"succeed", {{"task", {{"token", token}}}, {"output", output}}}}}}}
        .dump();
  }

  std::unique_ptr<StreamPeer> Begin() {
    auto peer = std::make_unique<StreamPeer>(port());
    peer->Send(Request("POST", "/v1/settlements:stream",
                       {{"Content-Type", "application/x-ndjson"}, {"Transfer-Encoding", "chunked"}}));
    return peer;
  }
  // Everything at once.
  Answer Stream(const std::string& lines) {
    return PostText("/v1/settlements:stream", lines, {{"Content-Type", "application/x-ndjson"}});
  }
  static std::vector<Json> LinesOf(const std::string& body) {
    std::vector<Json> lines;
    std::istringstream in(body);
    for (std::string line; std::getline(in, line);) lines.push_back(Json::parse(line, nullptr, false));
    return lines;
  }
  Json NextLine(StreamPeer& peer) { return Json::parse(peer.ReadUntil("\n"), nullptr, false); }
};

class SmallBacklogTest : public SettleLinesTest {
 protected:
  void Prepare(calls::Door& door) override { config_.http.stream_backlog = 64 * 1024; }
};

TEST_F(SmallBacklogTest, AnAnswerMayBeLongerThanTheBacklog) {
  Json items = Json::array();
  for (int i = 0; i < 1'000; ++i) {
    items.push_back({{"succeed", {{"task", {{"taskId", "00000000000000002a"}}}, {"output", "1"}}}});
  }
  const Answer answer = Stream(Json{{"batchId", "1"}, {"items", items}}.dump() + "\n");
  EXPECT_GT(answer.raw.body.size(), 64u * 1024);
  const std::vector<Json> lines = LinesOf(answer.raw.body);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["items"].size(), 1'000u);
}

TEST_F(SettleLinesTest, ManyLinesAreAnsweredInOrder) {
  constexpr int kLines = 500;
  std::string lines;
  for (int i = 0; i < kLines; ++i) lines += Line(i + 1, IssueWithKey("k" + std::to_string(i)).token()) + "\n";
  const Answer answer = Stream(lines);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.raw.Field("Content-Type"), "application/x-ndjson");
  const std::vector<Json> answers = LinesOf(answer.raw.body);
  ASSERT_EQ(answers.size(), static_cast<size_t>(kLines));
  for (int i = 0; i < kLines; ++i) {
    EXPECT_EQ(answers[i]["batchId"], std::to_string(i + 1));
    EXPECT_EQ(answers[i]["items"][0]["verdict"], "VERDICT_ACCEPTED");
  }
}

TEST_F(SettleLinesTest, ALineIsAnsweredBeforeTheNextIsSent) {
  const auto peer = Begin();
  for (int i = 1; i <= 3; ++i) {
    const std::string line = Line(i, IssueWithKey("k" + std::to_string(i)).token()) + "\r\n\n";
    peer->SendPiece(line.substr(0, 20));
    peer->SendPiece(line.substr(20));
    if (i == 1) {
      EXPECT_EQ(peer->ReadHead().status, 200);
    }
    EXPECT_EQ(NextLine(*peer)["batchId"], std::to_string(i));
  }
  peer->SendEnd();
  EXPECT_TRUE(peer->AtEnd());
}

TEST_F(SettleLinesTest, TheLastLineNeedsNoEnd) {
  const std::string a = IssueWithKey("a").token(), b = IssueWithKey("b").token();
  const std::vector<Json> answers = LinesOf(Stream(Line(1, a) + "\n" + Line(2, b)).raw.body);
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[1]["items"][0]["verdict"], "VERDICT_ACCEPTED");
}

TEST_F(SettleLinesTest, NoLinesAreNoAnswers) {
  for (const char* blank : {"", "\n", " \r\n\n  "}) {
    const Answer answer = Stream(blank);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.raw.body, "");
  }
}

TEST_F(SettleLinesTest, ABadLineEndsTheStreamAfterTheAnswersBefore) {
  const std::string a = IssueWithKey("a").token();
  const auto b = IssueWithKey("b");
  const Answer answer = Stream(Line(1, a) + "\n{\"itemz\": 1}\n" + Line(3, b.token()) + "\n");
  EXPECT_EQ(answer.status, 200);
  const std::vector<Json> answers = LinesOf(answer.raw.body);
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0]["batchId"], "1");
  EXPECT_EQ(answers[1]["error"]["code"], 400);
  const std::string message = answers[1]["error"]["message"];
  EXPECT_NE(message.find("message 2"), std::string::npos) << message;
  EXPECT_NE(message.find("items"), std::string::npos) << message;
  EXPECT_EQ(Look(b.task_id()).state(), pb::TASK_STATE_WAITING);
}

TEST_F(SettleLinesTest, ABadFirstLineIsAnError) {
  for (const char* bad : {"nonsense\n", "{}\n", "{\"items\": []}", "[]\n", "{\"items\": [{}]\n"}) {
    const Answer answer = Stream(bad);
    EXPECT_EQ(answer.status, 400) << bad;
    EXPECT_EQ(answer.Reason(), "INVALID_FIELD") << bad;
  }
}

TEST_F(SettleLinesTest, ItMustBeSaidThatItIsLines) {
  EXPECT_EQ(PostText("/v1/settlements:stream", "{}", {{"Content-Type", "text/plain"}}).Field(), "Content-Type");
  EXPECT_EQ(PostText("/v1/settlements:stream", "{}", {{"Content-Type", ""}}).Field(), "Content-Type");
}

TEST_F(SettleLinesTest, ALineHasABound) {
  const auto peer = Begin();
  const std::string piece(1 << 20, 'x');
  for (int i = 0; i < 10 && peer->SendPiece(piece); ++i) {
  }
  const http::RawAnswer answer = peer->ReadAnswer();
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("8 MiB"), std::string::npos) << answer.body;
}

// A caller who writes and never reads is stopped: what is taken in is what there is room for, not all that is sent.
TEST_F(SettleLinesTest, WhoDoesNotReadCannotGoOnWriting) {
  const std::string token = IssueWithKey("one").token();
  http::RawPeer peer(port(), 4096);
  peer.Send(Request("POST", "/v1/settlements:stream",
                    {{"Content-Type", "application/x-ndjson"}, {"Transfer-Encoding", "chunked"}}));
  std::string many;
  for (int i = 0; i < 100; ++i) many += Line(i, token) + "\n";
  many = absl::StrCat(absl::Hex(many.size()), "\r\n", many, "\r\n");
  size_t sent = 0;
  int full = 0;
  std::string_view rest = many;
  // At most a gigabyte; until nothing more is taken for a while.
  while (full < 200'000 && sent < (size_t{1} << 30)) {
    const ssize_t count = send(peer.fd(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count <= 0) {
      ++full;
      std::this_thread::yield();
      continue;
    }
    full = 0;
    sent += count;
    rest.remove_prefix(count);
    if (rest.empty()) rest = many;
  }
  EXPECT_LT(sent, size_t{1} << 30);
  EXPECT_EQ(Get("/v1/status").status, 200);
}

TEST_F(SettleLinesTest, DrainingAnswersWhatWasReadAndEnds) {
  const auto peer = Begin();
  peer->SendPiece(Line(1, IssueWithKey("one").token()) + "\n");
  EXPECT_EQ(peer->ReadHead().status, 200);
  EXPECT_EQ(NextLine(*peer)["batchId"], "1");
  Drain();
  const Json last = NextLine(*peer);
  EXPECT_EQ(last["error"]["code"], 503) << last;
  EXPECT_TRUE(peer->AtEnd());
}

TEST_F(SettleLinesTest, DrainingInTheMiddleLosesNothingThatWasAnswered) {
  std::string lines;
  std::vector<std::string> ids;
  for (int i = 0; i < 300; ++i) {
    const auto issued = IssueWithKey("k" + std::to_string(i));
    ids.push_back(issued.task_id());
    lines += Line(i, issued.token()) + "\n";
  }
  const auto peer = Begin();
  peer->SendPiece(lines);
  EXPECT_EQ(peer->ReadHead().status, 200);
  EXPECT_EQ(NextLine(*peer)["items"][0]["verdict"], "VERDICT_ACCEPTED");
  Drain();
  size_t answered = 1;
  for (Json line; line = NextLine(*peer), line.contains("items"); ++answered) {
  }
  for (size_t i = 0; i < answered; ++i) {
    ASSERT_EQ(Look(ids[i]).state(), pb::TASK_STATE_SUCCEEDED) << i;
  }
}

TEST_F(SettleLinesTest, WhoLeavesLeavesNothingBehind) {
  const std::string token = IssueWithKey("one").token();
  for (int i = 0; i < 100; ++i) {
    const auto peer = Begin();
    std::string lines;
    for (int j = 0; j < i; ++j) lines += Line(j, token) + "\n";
    if (!lines.empty()) peer->SendPiece(lines.substr(0, lines.size() - 1));
  }
  EXPECT_TRUE(Eventually([&] { return metrics_.http_connections.Value() == 0; }));
  EXPECT_EQ(Get("/v1/status").status, 200);
}

}  // namespace
}  // namespace tokenbroker::web
