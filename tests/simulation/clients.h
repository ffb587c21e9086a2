// What the clients of the simulation wish for: mostly something about tasks of late, often what others wish for, too.
#pragma once

#include <vector>

#include "tests/simulation/model.h"
#include "tests/simulation/random.h"

namespace tokenbroker::broker {

inline constexpr const char* kNamespaces[] = {"orders", "loans"};
inline constexpr const char* kTargets[] = {"states", "engine"};

class Clients {
 public:
  // Of the model they know which tasks there are.
  Clients(Random& random, const Model& model) : random_(random), model_(model) {}

  Wish Next();
  Wish Issue();

  // Calls whose reply never came, and may have taken effect: their callers will repeat them.
  std::vector<Wish> lost;

 private:
  Wish Resolve();
  void NameTask(Wish& wish);

  Random& random_;
  const Model& model_;
  uint64_t next_name_ = 1;
};

}  // namespace tokenbroker::broker
