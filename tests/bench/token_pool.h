// Tokens to be used once each, packed: there are millions.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <random>
#include <string_view>
#include <vector>

namespace tokenbroker::benchmarks {

class TokenPool {
 public:
  static constexpr size_t kLength = 40;

  TokenPool() = default;
  // Moving begins anew.
  TokenPool(TokenPool&& other) noexcept : tokens_(std::move(other.tokens_)) {}
  TokenPool& operator=(TokenPool&& other) noexcept {
    tokens_ = std::move(other.tokens_);
    next_.store(0);
    return *this;
  }

  void Reserve(size_t count) { tokens_.reserve(count); }
  // Makes places for Put.
  void Resize(size_t count) { tokens_.resize(count); }
  // False if this is no token of the broker's.
  bool Add(std::string_view token) {
    tokens_.emplace_back();
    if (Put(tokens_.size() - 1, token)) return true;
    tokens_.pop_back();
    return false;
  }
  bool Put(size_t index, std::string_view token) {
    if (token.size() != kLength) return false;
    std::copy(token.begin(), token.end(), tokens_[index].begin());
    return true;
  }

  size_t size() const { return tokens_.size(); }
  std::string_view At(size_t index) const { return {tokens_[index].data(), kLength}; }
  void Shuffle() { std::shuffle(tokens_.begin(), tokens_.end(), std::mt19937_64(1)); }

  // The next token that nobody has had; empty if there is none. From any thread.
  std::string_view Next() {
    const size_t index = next_.fetch_add(1, std::memory_order_relaxed);
    return index < tokens_.size() ? At(index) : std::string_view();
  }

 private:
  using Token = std::array<char, kLength>;
  std::vector<Token> tokens_;
  std::atomic<size_t> next_{0};
};

}  // namespace tokenbroker::benchmarks
