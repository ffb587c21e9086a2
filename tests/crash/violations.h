// What went wrong, for people.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>

namespace tokenbroker::testing {

// Prints each; of very many the first fifty. Thread-safe.
class Violations {
 public:
  void Add(const std::string& text);
  size_t count() const;

 private:
  mutable std::mutex mutex_;
  size_t count_ = 0;
};

}  // namespace tokenbroker::testing
