// Limited tokens, as the broker takes them: what opens, what is forged, and what the rules let through.
#include "token/limited_token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "server/broker/token_codec.h"
#include "tests/testing/broker_harness.h"
#include "token/base62.h"

namespace tokenbroker::broker {
namespace {

using ::testing::HasSubstr;
using token::kFail;
using token::kHeartbeat;
using token::kRead;
using token::kSucceed;
using token::Limit;
using token::OnlyActions;

// --- The codec ---

class LimitedCodecTest : public testing::Test {
 protected:
  bool Opens(std::string_view token) {
    token::Limits limits;
    return codec_.OpenLimited(token, content_, limits);
  }
  std::string Limited(Sequence task) {
    return *Limit(codec_.Seal({0, task, 0}), {OnlyActions(kSucceed | kFail), *token::OnlyErrors({"Rejected"})});
  }

  TokenCodec codec_{TestKeys()};
  TokenContent content_;
};

TEST_F(LimitedCodecTest, OpensToItsTaskAndItsLimits) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 300; ++i) {
    const Sequence task = random() >> (i % 60);
    const auto shard = static_cast<storage::ShardId>(i);
    const std::string limited = *Limit(codec_.Seal({shard, task, 0}), {"A4", "B1xodA8"});
    TokenContent content;
    token::Limits limits;
    ASSERT_TRUE(codec_.OpenLimited(limited, content, limits));
    EXPECT_EQ(content.task, task);
    EXPECT_EQ(content.shard, shard);
    EXPECT_EQ(limits.actions(), kFail);
    EXPECT_EQ(limits.before(), 1'800'003'600);
  }
}

// Made by a program of its own; see tests/token/limited_token_test.cc.
TEST_F(LimitedCodecTest, GoldenTokensOpen) {
  EXPECT_EQ(codec_.Seal({0, 1, 0}), "T107xSCeSOpzs4ooUO6iVVKnLJUOJRAz6k60q13s");
  ASSERT_TRUE(Opens("T1L07xSCeSOpzs4ooUO6iVVKnA4E28Rejected4LateE14LateB1xocE5AFHtDB2jCzuFqHtT6YpgLntD"));
  EXPECT_EQ(content_.task, 1u);
  ASSERT_TRUE(Opens("T1L07P08KrJeulLHPJTl1A51eA6E18Rejected2JtL3Nkc05eIiYWPivVvwW"));
  EXPECT_EQ(content_.task, 12'345u);
}

TEST_F(LimitedCodecTest, NoSingleCharacterCanBeChanged) {
  for (Sequence task = 1; task <= 3; ++task) {
    const std::string token = Limited(task * 7919);
    for (size_t at = 0; at < token.size(); ++at) {
      for (int c = 0; c < 256; ++c) {
        std::string mutated = token;
        mutated[at] = static_cast<char>(c);
        ASSERT_TRUE(mutated == token || !Opens(mutated)) << "character " << at << " became " << c;
      }
    }
  }
}

TEST_F(LimitedCodecTest, NothingCanBeCutAddedOrSwapped) {
  const std::string token = Limited(12'345);
  for (size_t size = 0; size < token.size(); ++size) EXPECT_FALSE(Opens(token.substr(0, size)));
  for (size_t at = 0; at < token.size(); ++at) {
    for (size_t size = 1; at + size <= token.size(); ++size) EXPECT_FALSE(Opens(std::string(token).erase(at, size)));
    for (const char c : {'0', 'A', 'z', '.'}) EXPECT_FALSE(Opens(std::string(token).insert(at, 1, c)));
    for (size_t other = at + 1; other < token.size(); ++other) {
      std::string mutated = token;
      std::swap(mutated[at], mutated[other]);
      EXPECT_TRUE(mutated == token || !Opens(mutated));
    }
  }
}

TEST_F(LimitedCodecTest, CaveatsCannotBeTakenAwayReorderedRepeatedOrBorrowed) {
  const std::vector<std::string> caveats = {"A6", "B1xodA8", "E18Rejected"};
  const std::string full = codec_.Seal({0, 77, 0});
  const std::string token = *Limit(full, caveats);
  const std::string head = token.substr(0, 25);
  const std::string mac = token.substr(token.size() - 22);
  for (const char* other : {"A6", "A6B1xodA8", "B1xodA8E18Rejected", "B1xodA8A6E18Rejected", "A6E18RejectedB1xodA8",
                            "A6A6B1xodA8E18Rejected", "A6B1xodA8E18RejectedAF", "AFB1xodA8E18Rejected", ""}) {
    EXPECT_FALSE(Opens(head + other + mac)) << other;
  }
  ASSERT_TRUE(Opens(token));
  // The MAC of a wider token, or of the same caveats on another task, is of no use.
  const std::string wider = *Limit(full, {"A6"});
  EXPECT_FALSE(Opens(head + "A6B1xodA8E18Rejected" + wider.substr(wider.size() - 22)));
  const std::string elsewhere = *Limit(codec_.Seal({0, 78, 0}), caveats);
  EXPECT_FALSE(Opens(head + "A6B1xodA8E18Rejected" + elsewhere.substr(elsewhere.size() - 22)));
  EXPECT_FALSE(Opens(head + mac));
}

TEST_F(LimitedCodecTest, ItIsNoFullTokenAndAFullTokenIsNotLimited) {
  EXPECT_FALSE(codec_.Open(Limited(1), content_));
  EXPECT_FALSE(Opens(codec_.Seal({0, 1, 0})));
  EXPECT_TRUE(TokenCodec::LooksLikeOurs(Limited(1)));
}

TEST_F(LimitedCodecTest, ItEndsWithItsKeyAndOutlivesARotation) {
  const std::string token = Limited(5);
  codec_.Replace(*KeyRing::Create({TestKeys(1).newest(), TestKeys(2).newest()}));
  EXPECT_TRUE(Opens(token));
  codec_.Replace(TestKeys(2));
  EXPECT_FALSE(Opens(token));
  TokenKey impostor{1};
  impostor.secret.fill(9);
  codec_.Replace(*KeyRing::Create({impostor}));
  EXPECT_FALSE(Opens(token)) << "the key id is the same, the secret is not";
}

TEST_F(LimitedCodecTest, TokensOfAnotherPurposeCannotBeLimited) {
  EXPECT_FALSE(Opens(*Limit(codec_.Seal({0, 1, 1}), {"A1"})));
}

// --- The rules ---

class LimitedTokenTest : public testing::Test {
 protected:
  Ref Limited(const Issued& task, const std::vector<std::string>& caveats) {
    return Ref::Token(*Limit(task.token, caveats));
  }
  std::string In(Millis time) { return *token::OnlyBefore((broker_.now() + time.count()) / 1000); }

  BrokerHarness broker_;
};

TEST_F(LimitedTokenTest, EachActionAllowsItsCallsAlone) {
  for (const token::Action only : {kHeartbeat, kSucceed, kFail, kRead}) {
    const Issued task = broker_.Issue({.heartbeat_timeout = 60s});
    const Ref limited = Limited(task, {OnlyActions(only)});
    const auto expect = [&](token::Action action, const Answer& answer) {
      EXPECT_EQ(answer.reason, action == only ? Reason::kNone : Reason::kPermissionDenied)
          << token::NameOf(action) << " with " << token::NameOf(only);
    };
    expect(kHeartbeat, broker_.Beat(limited));
    expect(kRead, broker_.Get(limited));
    expect(kSucceed, broker_.Peek(limited, TaskState::kSucceeded, "1"));
    expect(kFail, broker_.Fail(limited, "E"));
    if (only != kFail) expect(kSucceed, broker_.Succeed(limited, "1"));
  }
}

TEST_F(LimitedTokenTest, RefusalsNameTheLimitAndChangeNothing) {
  const Issued task = broker_.Issue();
  const Settled refused = broker_.Succeed(Limited(task, {OnlyActions(kFail), *token::OnlyErrors({"Rejected"})}), "1");
  EXPECT_EQ(refused.reason, Reason::kPermissionDenied);
  EXPECT_EQ(refused.verdict, Verdict::kRefused);
  EXPECT_EQ(refused.message, "the token is limited to: fail with Rejected");
  EXPECT_EQ(broker_.Get(task).state, TaskState::kWaiting);
}

TEST_F(LimitedTokenTest, LimitsHoldWhoeverPresentsTheToken) {
  const Issued task = broker_.Issue();
  broker_.caller = &Anybody();
  EXPECT_EQ(broker_.Succeed(Limited(task, {OnlyActions(kHeartbeat)}), "1").reason, Reason::kPermissionDenied);
  broker_.caller = &Nobody();
  EXPECT_EQ(broker_.Succeed(Limited(task, {OnlyActions(kSucceed)}), "1").verdict, Verdict::kAccepted);
}

TEST_F(LimitedTokenTest, FailuresAreLimitedToTheirErrors) {
  const Issued task = broker_.Issue();
  const Ref limited = Limited(task, {*token::OnlyErrors({"Rejected"})});
  EXPECT_EQ(broker_.Fail(limited, "Other").reason, Reason::kPermissionDenied);
  EXPECT_EQ(broker_.Fail(limited, "").reason, Reason::kPermissionDenied);
  EXPECT_EQ(broker_.Fail(limited, "Rejected", "no").verdict, Verdict::kAccepted);
}

TEST_F(LimitedTokenTest, ItEndsAtItsTimeWhileTheTaskWaitsOn) {
  const Issued task = broker_.Issue({.heartbeat_timeout = 600s});
  const Ref limited = Limited(task, {In(60s)});
  broker_.Advance(59'999ms);
  EXPECT_TRUE(broker_.Beat(limited).ok());
  broker_.Advance(1ms);
  EXPECT_THAT(broker_.Beat(limited).message, HasSubstr("limited to calls before 2027-01-15T08:01:00Z"));
  EXPECT_EQ(broker_.Succeed(task, "1").verdict, Verdict::kAccepted);
  EXPECT_EQ(broker_.Succeed(limited, "1").reason, Reason::kPermissionDenied) << "not even the same outcome again";
}

TEST_F(LimitedTokenTest, VerdictsAreThoseOfTheFullToken) {
  const Issued task = broker_.Issue();
  const Ref limited = Limited(task, {OnlyActions(kSucceed)});
  EXPECT_EQ(broker_.Succeed(limited, "1").verdict, Verdict::kAccepted);
  EXPECT_EQ(broker_.Succeed(limited, "1").verdict, Verdict::kReplayed);
  EXPECT_EQ(broker_.Succeed(task, "1").verdict, Verdict::kReplayed);
  EXPECT_EQ(broker_.Succeed(limited, "2").verdict, Verdict::kConflict);
}

TEST_F(LimitedTokenTest, ItIsRevokedWithItsTask) {
  const Issued cancelled = broker_.Issue();
  broker_.Cancel(cancelled);
  EXPECT_EQ(broker_.Succeed(Limited(cancelled, {"A2"}), "1").verdict, Verdict::kCancelled);
  const Issued old = broker_.Issue({.correlation_key = "k", .attempt = 1});
  broker_.Issue({.correlation_key = "k", .attempt = 2});
  EXPECT_EQ(broker_.Succeed(Limited(old, {"A2"}), "1").verdict, Verdict::kSuperseded);
}

TEST_F(LimitedTokenTest, AForgedOneIsAnUnknownTask) {
  const Issued task = broker_.Issue();
  std::string forged = *Limit(task.token, {"A2"});
  forged[26] = 'F';
  EXPECT_EQ(broker_.Succeed(Ref::Token(forged), "1").verdict, Verdict::kUnknown);
  EXPECT_EQ(broker_.Get(Ref::Token(forged)).reason, Reason::kTaskUnknown);
}

TEST_F(LimitedTokenTest, ItNamesNoTaskToCancelOrExtend) {
  const Issued task = broker_.Issue();
  EXPECT_EQ(broker_.Cancel(Limited(task, {"AF"})).reason, Reason::kPermissionDenied);
  EXPECT_EQ(broker_.Extend(Limited(task, {"AF"}), 5s).reason, Reason::kPermissionDenied);
}

TEST_F(LimitedTokenTest, AwaitingIsReading) {
  const Issued task = broker_.Issue();
  const auto refused = broker_.BeginAwait(Limited(task, {OnlyActions(kSucceed)}));
  EXPECT_TRUE(refused->answered);
  EXPECT_EQ(refused->op.refusal.reason, Reason::kPermissionDenied);
  const Ref reader = Limited(task, {OnlyActions(kRead)});
  const auto await = broker_.BeginAwait(reader);
  EXPECT_FALSE(await->answered);
  broker_.Succeed(task, "1");
  EXPECT_TRUE(await->answered);
}

}  // namespace
}  // namespace tokenbroker::broker
