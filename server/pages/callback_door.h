// The callback door: what /c/TOKEN shows and does.
//
//   GET, HEAD  /c/TOKEN  /c/TOKEN/ACTION    shows the task, and changes nothing, whoever fetches it how often
//   POST       /c/TOKEN/ACTION              acts: succeed, fail or heartbeat, full tokens and limited ones
//
// It speaks in pages::Request and Answer; server/web/callback_routes.h puts it on the HTTP server. docs/callbacks.md is
// for callers.
//
// Thread-safe.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/home.h"
#include "server/broker/principal.h"
#include "server/calls/door.h"
#include "server/pages/message.h"

namespace tokenbroker::pages {

struct Options {
  // Where the input of every task may be shown to who holds a token that may read; "*" is everywhere. Elsewhere a
  // task's own label decides (sight.h).
  std::vector<std::string> input_namespaces;
  // Origins of our pages besides the host that was asked, for proxies that change Host: "https://approve.example".
  std::vector<std::string> origins;
};

class CallbackDoor {
 public:
  using Done = std::function<void(Answer answer)>;

  // `door` must outlive this.
  CallbackDoor(const calls::Door& door, Options options) : door_(door), options_(std::move(options)) {}

  // To be called at home. `done` is called once, on any thread, perhaps before this returns. This, `principal` and
  // `home` must be there until then.
  void Handle(Request request, const broker::Principal& principal, Home& home, Done done) const;

 private:
  class Errand;

  const calls::Door& door_;
  const Options options_;
};

}  // namespace tokenbroker::pages
