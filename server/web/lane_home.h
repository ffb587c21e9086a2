// A lane of the HTTP server as the home of a call.
#pragma once

#include "base/home.h"
#include "server/http/home.h"

namespace tokenbroker::web {

class LaneHome final : public Home {
 public:
  explicit LaneHome(http::Home& lane) : lane_(lane) {}

  bool Here() const override { return lane_.IsHere(); }
  void Post(Visit& visit) override {
    lane_.Run([&visit] { visit.Resume(); });
  }

 private:
  http::Home& lane_;
};

}  // namespace tokenbroker::web
