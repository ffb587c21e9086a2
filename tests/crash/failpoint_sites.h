// Which failpoints there are, read from the sources, and which of them to crash at next.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/crash/expectations.h"

namespace tokenbroker::testing {

// Every name in a TB_FAILPOINT("...") below the folders, sorted.
std::vector<std::string> FindFailpoints(const std::vector<std::string>& folders);

// Picks sites so that each fires about equally often. At which hit is random below a bound that grows with every crash
// and shrinks when a site was not hit so often.
class FailpointSites {
 public:
  explicit FailpointSites(const std::vector<std::string>& names);

  // "name=crash@17"
  std::string Pick(Random& random);
  // What came of the last pick.
  void Note(bool fired);
  // "name 12, other 3"
  std::string Summary() const;
  size_t never_fired() const;

 private:
  struct Site {
    int picked = 0;
    int fired = 0;
    uint64_t bound = 2;
  };
  std::map<std::string, Site> sites_;
  std::string last_;
};

}  // namespace tokenbroker::testing
