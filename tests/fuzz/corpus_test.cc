// Runs a target over its corpus, and over mutations of it that are the same in every run.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz.h"

namespace tokenbroker {
namespace {

constexpr int kMutations = 20'000;
constexpr size_t kMaxSize = 16'384;

std::vector<std::string> Corpus() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(TB_CORPUS)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> inputs;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

void Feed(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

class Mutator {
 public:
  Mutator(const std::vector<std::string>& corpus, uint64_t seed) : corpus_(corpus), random_(seed) {}

  std::string Next() {
    std::string input = corpus_[random_() % corpus_.size()];
    for (uint64_t changes = 1 + random_() % 4; changes > 0; --changes) Change(input);
    if (input.size() > kMaxSize) input.resize(kMaxSize);
    return input;
  }

 private:
  void Change(std::string& input) {
    static constexpr unsigned char kTelling[] = {0, 1, 0x7f, 0x80, 0xff, '"', '{', '}', '[', ']', '\\', '\n'};
    const size_t at = input.empty() ? 0 : random_() % input.size();
    switch (random_() % 7) {
      case 0:
        if (!input.empty()) input[at] ^= static_cast<char>(1 << random_() % 8);
        return;
      case 1:
        if (!input.empty()) input[at] = static_cast<char>(kTelling[random_() % std::size(kTelling)]);
        return;
      case 2:
        input.insert(at, 1 + random_() % 3, static_cast<char>(random_()));
        return;
      case 3:
        input.erase(at, 1 + random_() % 8);
        return;
      case 4:
        input.resize(at);
        return;
      case 5:
        input.insert(at, input.substr(random_() % (input.size() + 1), random_() % 64));
        return;
      default: {
        const std::string& other = corpus_[random_() % corpus_.size()];
        input = input.substr(0, at) + other.substr(other.empty() ? 0 : random_() % other.size());
      }
    }
  }

  const std::vector<std::string>& corpus_;
  std::mt19937_64 random_;
};

TEST(Fuzz, TheCorpusPasses) {
  ASSERT_FALSE(Corpus().empty()) << TB_CORPUS;
  for (const std::string& input : Corpus()) Feed(input);
}

TEST(Fuzz, MutationsOfTheCorpusPass) {
  const std::vector<std::string> corpus = Corpus();
  Mutator mutator(corpus, 1);
  Feed("");
  for (int i = 0; i < kMutations; ++i) Feed(mutator.Next());
}

}  // namespace
}  // namespace tokenbroker
