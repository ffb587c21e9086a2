// Against a std::map, with checkpoints in between.
#include "server/broker/open_set.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>

namespace tokenbroker::broker {
namespace {

OpenTask Waiting(uint64_t deadline) {
  OpenTask task{};
  task.deadline = deadline;
  return task;
}

TEST(OpenSet, ATaskIsTheSameAfterASecondInsert) {
  OpenSet set;
  set.Insert(5, Waiting(1));
  set.Insert(5, Waiting(2));
  EXPECT_EQ(set.size(), 1u);
  EXPECT_EQ(set.Find(5)->deadline, 2u);
  EXPECT_FALSE(set.Erase(6));
  EXPECT_TRUE(set.Erase(5));
  EXPECT_EQ(set.Find(5), nullptr);
  EXPECT_EQ(set.oldest(), 0u);
}

TEST(OpenSet, FieldsHoldTheirWholeRange) {
  OpenTask task{};
  task.deadline = (uint64_t{1} << 45) - 1;
  task.lane = (1u << 19) - 1;
  task.last_heartbeat = (uint64_t{1} << 45) - 1;
  task.attempt = 65'535;
  task.cancel_requested = task.has_contract = task.has_beaten = 1;
  task.heartbeat_timeout = uint64_t{366} * 24 * 3600 * 1000;
  OpenSet set;
  set.Insert(1, task);
  EXPECT_EQ(std::memcmp(set.Find(1), &task, sizeof task), 0);
  EXPECT_EQ(task.heartbeat_timeout, uint64_t{366} * 24 * 3600 * 1000);
}

TEST(OpenSet, ADamagedBlockIsDataLoss) {
  OpenSet from;
  from.Insert(64, Waiting(1));
  from.Insert(65, Waiting(2));
  const std::string bytes = from.Pack(1).bytes;
  for (size_t size = 0; size < bytes.size(); ++size) {
    OpenSet to;
    EXPECT_TRUE(absl::IsDataLoss(to.Load(1, bytes.substr(0, size)))) << size;
  }
  EXPECT_TRUE(absl::IsDataLoss(OpenSet().Load(1, bytes + "x")));
  EXPECT_TRUE(OpenSet().Load(1, bytes).ok());
}

class Model {
 public:
  void Insert(Sequence task, uint64_t deadline) {
    set_->Insert(task, Waiting(deadline));
    map_[task] = deadline;
  }
  void Erase(Sequence task) { EXPECT_EQ(set_->Erase(task), map_.erase(task) == 1); }
  void Change(Sequence task, uint64_t deadline) {
    OpenTask* found = set_->Find(task);
    EXPECT_EQ(found != nullptr, map_.contains(task));
    if (found == nullptr) return;
    found->deadline = deadline;
    set_->MarkDirty(task);
    map_[task] = deadline;
  }
  // Writes what changed, as a checkpoint does.
  void Save() {
    for (uint64_t number : set_->TakeDirtyBlocks()) {
      storage::OpenBlock block = set_->Pack(number);
      if (block.bytes.empty())
        disk_.erase(number);
      else
        disk_[number] = block.bytes;
    }
  }
  // Forgets everything that is not on the disk.
  void Reload() {
    Save();
    set_ = std::make_unique<OpenSet>();
    for (const auto& [number, bytes] : disk_) ASSERT_TRUE(set_->Load(number, bytes).ok());
  }
  void Compare() {
    ASSERT_EQ(set_->size(), map_.size());
    ASSERT_EQ(set_->oldest(), map_.empty() ? 0 : map_.begin()->first);
    auto expected = map_.begin();
    set_->VisitFrom(0, [&](Sequence task, OpenTask& open) {
      EXPECT_TRUE(expected != map_.end() && task == expected->first && open.deadline == expected->second);
      return ++expected != map_.end();
    });
    EXPECT_EQ(expected, map_.end());
  }
  void CompareFrom(Sequence from) {
    auto expected = map_.lower_bound(from);
    set_->VisitFrom(from, [&](Sequence task, OpenTask&) {
      EXPECT_TRUE(expected != map_.end() && task == expected->first);
      return expected != map_.end() && ++expected != map_.end();
    });
    EXPECT_EQ(expected, map_.end());
  }

 private:
  std::unique_ptr<OpenSet> set_ = std::make_unique<OpenSet>();
  std::map<Sequence, uint64_t> map_;
  std::map<uint64_t, std::string> disk_;
};

TEST(OpenSet, BehavesLikeAMap) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const Sequence range = seed % 2 == 0 ? 300 : 20'000;
    Model model;
    Sequence next = 1;
    for (int step = 0; step < 20'000; ++step) {
      const Sequence some = 1 + random() % range;
      switch (random() % 100) {
        case 0:
          model.Save();
          break;
        case 1:
          if (step % 7 == 0) model.Reload();
          break;
        case 2:
          model.CompareFrom(some);
          break;
        default:
          if (random() % 10 < 4)
            model.Insert(seed % 3 == 0 ? next++ : some, random() % (uint64_t{1} << 45));
          else if (random() % 3 == 0)
            model.Change(some, random() % (uint64_t{1} << 45));
          else
            model.Erase(some);
      }
      if (step % 1000 == 0) model.Compare();
      if (testing::Test::HasFailure()) return;
    }
    model.Reload();
    model.Compare();
  }
}

}  // namespace
}  // namespace tokenbroker::broker
