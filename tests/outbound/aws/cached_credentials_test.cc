#include "server/outbound/aws/cached_credentials.h"

#include <gtest/gtest.h>

#include <optional>

namespace tokenbroker::outbound::aws {
namespace {

constexpr DurationMs kMinute = 60'000, kHour = 60 * kMinute;

class CachedCredentialsTest : public testing::Test {
 protected:
  // "AK1", an error, or "nothing yet".
  std::string Get() {
    auto said = std::make_shared<std::string>("nothing yet");
    cached_->Get([said](const absl::StatusOr<Credentials>& credentials) {
      *said = credentials.ok() ? credentials->access_key_id : std::string(credentials.status().message());
    });
    last_ = said;
    return *said;
  }
  Credentials Make(const std::string& id, DurationMs life) {
    return {id, "secret", "", life == 0 ? 0 : clock_.Now() + life};
  }
  // Answers the fetch that is out.
  void Answer(absl::StatusOr<Credentials> credentials) {
    ASSERT_EQ(fetches_.size(), 1u);
    const CredentialsDone done = std::move(fetches_.front());
    fetches_.clear();
    done(std::move(credentials));
  }
  void Begin(DurationMs life) {
    Get();
    Answer(Make("AK1", life));
    ASSERT_EQ(Get(), "AK1");
  }

  ManualClock clock_{1'000'000'000};
  std::vector<CredentialsDone> fetches_;
  std::optional<CachedCredentials> cached_{
      std::in_place, [this](CredentialsDone done) { fetches_.push_back(std::move(done)); }, clock_};
  std::shared_ptr<std::string> last_;
};

TEST_F(CachedCredentialsTest, OneFetchServesAllWhoWait) {
  Get();
  const auto first = last_;
  Get();
  EXPECT_EQ(fetches_.size(), 1u);
  Answer(Make("AK1", kHour));
  EXPECT_EQ(*first, "AK1");
  EXPECT_EQ(*last_, "AK1");
  EXPECT_EQ(Get(), "AK1");
  EXPECT_TRUE(fetches_.empty());
}

TEST_F(CachedCredentialsTest, ThoseThatDoNotExpireAreFetchedOnce) {
  Begin(0);
  clock_.Advance(1000 * kHour);
  EXPECT_EQ(Get(), "AK1");
  EXPECT_TRUE(fetches_.empty());
}

TEST_F(CachedCredentialsTest, AreRenewedBeforeTheyExpireWhileTheOldOnesAreUsed) {
  Begin(kHour);
  clock_.Advance(44 * kMinute);
  EXPECT_EQ(Get(), "AK1");
  EXPECT_TRUE(fetches_.empty());
  clock_.Advance(kMinute);
  EXPECT_EQ(Get(), "AK1");
  EXPECT_EQ(Get(), "AK1");
  Answer(Make("AK2", kHour));
  EXPECT_EQ(Get(), "AK2");
}

TEST_F(CachedCredentialsTest, TheLastGoodOnesServeWhileTheyAreValid) {
  Begin(kHour);
  clock_.Advance(50 * kMinute);
  Get();
  Answer(absl::UnavailableError("down"));
  EXPECT_EQ(Get(), "AK1");
  clock_.Advance(10 * kMinute - 5'001);
  EXPECT_EQ(Get(), "AK1");
  Answer(absl::UnavailableError("still down"));
  clock_.Advance(1);
  EXPECT_EQ(Get(), "still down");
}

TEST_F(CachedCredentialsTest, AfterAFailedFetchTheNextOneWaits) {
  DurationMs pause = 1'000;
  for (int i = 0; i < 10; ++i) {
    Get();
    Answer(absl::UnavailableError("down"));
    clock_.Advance(pause - 1);
    EXPECT_EQ(Get(), "down");
    EXPECT_TRUE(fetches_.empty());
    clock_.Advance(1);
    pause = std::min<DurationMs>(pause * 2, 60'000);
  }
}

TEST_F(CachedCredentialsTest, ExpiredOnesAreNeverGivenOut) {
  Get();
  Answer(Make("AK1", 1));
  EXPECT_EQ(*last_, "the credentials' source gave expired ones");
}

TEST_F(CachedCredentialsTest, RejectedOnesAreFetchedAnew) {
  Begin(kHour);
  EXPECT_TRUE(cached_->Reject(Make("AK1", kHour)));
  EXPECT_EQ(Get(), "nothing yet");
  Answer(Make("AK2", kHour));
  EXPECT_EQ(Get(), "AK2");
  // What others had in their hands meanwhile.
  clock_.Advance(1);
  EXPECT_TRUE(cached_->Reject({"AK1", "secret", "", 0}));
  EXPECT_EQ(Get(), "AK2");
}

TEST_F(CachedCredentialsTest, TheSameAgainIsNoHelp) {
  Begin(0);
  const Credentials used = Make("AK1", 0);
  EXPECT_TRUE(cached_->Reject(used));
  Get();
  Answer(used);
  EXPECT_FALSE(cached_->Reject(used));
  // Asked for again all the same, but not at once.
  EXPECT_EQ(Get(), "AK1");
  EXPECT_TRUE(fetches_.empty());
  clock_.Advance(60'000);
  Get();
  Answer(Make("AK2", 0));
  EXPECT_EQ(Get(), "AK2");
}

TEST_F(CachedCredentialsTest, MayEndWhileAFetchIsOut) {
  Get();
  cached_.reset();
  Answer(Make("AK1", kHour));
  EXPECT_EQ(*last_, "nothing yet");
}

}  // namespace
}  // namespace tokenbroker::outbound::aws
