// Tokens cannot be forged, and appear nowhere but in the answer to whoever issued them.
#include <algorithm>
#include <filesystem>
#include <random>
#include <set>
#include <string>
#include <unordered_set>

#include "absl/strings/str_cat.h"
#include "tests/e2e/certificate.h"
#include "tests/e2e/fixture.h"
#include "tests/testing/http_get.h"
#include "tests/testing/temp_folder.h"
#include "tests/testing/text_file.h"

namespace tokenbroker::testing {
namespace {

constexpr int kMutations = 100'000;
constexpr int kItems = 1000;
constexpr char kAlphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

char RandomCharacter(std::mt19937_64& random) { return kAlphabet[random() % 62]; }

// One of the ways in which a token gets damaged, guessed or forged.
std::string Mutate(const std::string& token, const std::string& other, std::mt19937_64& random) {
  std::string text = token;
  const size_t at = random() % text.size();
  switch (random() % 9) {
    case 0:
    case 1:
    case 2:
      text[at] = RandomCharacter(random);
      return text;
    case 3:
      for (int i = 0; i < 5; ++i) text[random() % text.size()] = RandomCharacter(random);
      return text;
    case 4:
      return text.substr(0, at);
    case 5:
      return text.substr(0, at) + other.substr(at);
    case 6:
      return text + RandomCharacter(random);
    case 7:
      std::swap(text[at], text[random() % text.size()]);
      return text;
    default:
      std::generate(text.begin() + 2, text.end(), [&] { return RandomCharacter(random); });
      return text;
  }
}

class TokensTest : public BrokerTest {};

TEST_F(TokensTest, NoMutatedTokenIsAcceptedAndAllRefusalsAreAlike) {
  Start();
  std::mt19937_64 random(7);
  std::vector<std::string> tokens;
  std::unordered_set<std::string> genuine;
  for (const v1::IssueTaskResponse& issued : IssueMany(200)) {
    tokens.push_back(issued.token());
    genuine.insert(issued.token());
  }
  std::set<std::string> answers;
  for (int done = 0; done < kMutations; done += kItems) {
    v1::BatchSettleRequest request;
    while (request.items_size() < kItems) {
      const std::string text = Mutate(tokens[random() % tokens.size()], tokens[random() % tokens.size()], random);
      if (text.empty() || genuine.contains(text)) continue;
      v1::FailRequest* item = request.add_items()->mutable_fail();
      *item->mutable_task() = ByToken(text);
      item->set_error("Forged");
    }
    v1::BatchSettleResponse response;
    const grpc::Status status =
        client().Call(client().resolver(), &v1::ResolverService::Stub::BatchSettle, request, response);
    ASSERT_TRUE(status.ok()) << Describe(status);
    for (const v1::SettlementResult& result : response.items()) answers.insert(result.SerializeAsString());
  }
  v1::SettlementResult only;
  ASSERT_EQ(answers.size(), 1u);
  ASSERT_TRUE(only.ParseFromString(*answers.begin()));
  EXPECT_EQ(only.verdict(), v1::VERDICT_UNKNOWN);
  EXPECT_EQ(only.error().reason(), v1::ERROR_REASON_TASK_UNKNOWN);
  for (const std::string& token : tokens) EXPECT_EQ(Get(token).state(), v1::TASK_STATE_WAITING);
}

TEST_F(TokensTest, EveryCallAnswersAForgedTokenInTheSameWay) {
  Start();
  std::string forged = Issue().token();
  forged.back() = forged.back() == 'a' ? 'b' : 'a';
  std::set<std::string> answers;
  const auto note = [&](const grpc::Status& status) { answers.insert(Describe(status)); };
  v1::Task task;
  note(client().Get(ByToken(forged), task));
  note(client().Get(ByToken("x"), task));
  note(client().Get(ById("00ffffffffffffffff"), task));
  note(client().Get(ById("not an id"), task));
  note(SucceedWith(forged, "1"));
  v1::HeartbeatRequest beat;
  *beat.mutable_task() = ByToken(forged);
  v1::HeartbeatResponse beaten;
  note(client().Call(client().resolver(), &v1::ResolverService::Stub::Heartbeat, beat, beaten));
  v1::AwaitTaskRequest await;
  *await.mutable_task() = ByToken(forged);
  v1::AwaitTaskResponse awaited;
  note(client().Call(client().tasks(), &v1::TaskService::Stub::AwaitTask, await, awaited));
  v1::CancelTaskRequest cancel;
  *cancel.mutable_task() = ByToken(forged);
  v1::CancelTaskResponse cancelled;
  note(client().Call(client().tasks(), &v1::TaskService::Stub::CancelTask, cancel, cancelled));
  ASSERT_EQ(answers.size(), 1u) << *answers.begin() << " | " << *answers.rbegin();
  EXPECT_NE(answers.begin()->find("TASK_UNKNOWN"), std::string::npos) << *answers.begin();
}

TEST_F(TokensTest, ATokenOfAnotherBrokerIsUnknown) {
  Start();
  BrokerOptions foreign = broker_;
  foreign.folder = MakeTemporaryFolder("e2e-foreign");
  auto other = BrokerProcess::Start(foreign);
  ASSERT_TRUE(other.ok()) << other.status().message();
  const BrokerClient stranger((*other)->address());
  v1::IssueTaskRequest request;
  request.set_namespace_("e2e");
  v1::IssueTaskResponse issued;
  ASSERT_TRUE(stranger.Issue(request, issued).ok());
  Issue();
  EXPECT_EQ(ReasonOf(SucceedWith(issued.token(), "1")), v1::ERROR_REASON_TASK_UNKNOWN);
  other->reset();
  std::filesystem::remove_all(foreign.folder);
}

// Whether any of the tokens stands in the text; all of them begin with the same two characters.
size_t CountTokens(const std::string& text, const std::unordered_set<std::string>& tokens, size_t length) {
  size_t found = 0;
  for (size_t at = text.find("T1"); at != std::string::npos; at = text.find("T1", at + 1)) {
    found += tokens.contains(text.substr(at, length));
  }
  return found;
}

TEST_F(TokensTest, TokensStandInNoLogLineNoMetricAndNoFile) {
  // Small checkpoints, so that every kind of file is there.
  Start({"--log-level", "debug", "--storage-checkpoint-entries", "1000", "--storage-checkpoint-interval", "1s"});
  std::unordered_set<std::string> tokens;
  size_t length = 0;
  for (const v1::IssueTaskResponse& issued : IssueMany(10'000)) {
    tokens.insert(issued.token());
    length = issued.token().size();
  }
  const std::string upstream = "AQCUpstreamTokenThatMustNotBeFoundAnywhere" + std::string(400, 'u');
  v1::IssueTaskRequest wrapped;
  wrapped.set_namespace_("e2e");
  wrapped.set_upstream_token(upstream);
  v1::IssueTaskResponse issued;
  ASSERT_TRUE(client().Issue(wrapped, issued).ok());
  ASSERT_TRUE(SucceedWith(upstream, "1").ok()) << "an upstream token resolves its task";
  size_t settled = 0;
  for (const std::string& token : tokens) {
    if (++settled > 300) break;
    SucceedWith(token, settled % 3 == 0 ? "not json" : "{\"n\":1}");
    SucceedWith(token, "{\"n\":2}");
    SucceedWith(token + "x", "{}");
  }
  const std::string metrics = HttpGet(process().admin_port(), "/metrics");
  ASSERT_NE(metrics.find("tokenbroker_"), std::string::npos);
  EXPECT_EQ(CountTokens(metrics, tokens, length), 0u);
  EXPECT_EQ(Stop(), 0);
  size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder())) {
    if (!entry.is_regular_file()) continue;
    ++files;
    const std::string text = ReadFileOr(entry.path().string(), "");
    EXPECT_EQ(CountTokens(text, tokens, length), 0u) << entry.path();
    EXPECT_EQ(text.find(upstream.substr(0, 60)), std::string::npos) << entry.path();
  }
  EXPECT_GT(files, 5u);
}

TEST_F(TokensTest, AKeyThatIsReplacedInTheFileOpensNothingWithoutARestart) {
  Start();
  const v1::IssueTaskResponse issued = Issue();
  const std::string secret(64, 'a');
  ReplaceFile(broker_.data() + "/token-keys.json", R"({"keys": [{"id": 2, "secret": ")" + secret + R"("}]})");
  const TimeMs until = NowMs() + 20'000;
  v1::Task task;
  while (client().Get(ByToken(issued.token()), task).ok()) ASSERT_LT(NowMs(), until) << "the old key is still good";
  EXPECT_EQ(Get(Issue().token()).state(), v1::TASK_STATE_WAITING) << "the new one is";
  EXPECT_TRUE(client().Get(ById(issued.task_id()), task).ok()) << "tasks do not depend on it";
}

}  // namespace
}  // namespace tokenbroker::testing
