// From which pages a browser may send requests.
//
// A browser lets any page that somebody opens send requests here, and says so: in Origin, or in Sec-Fetch-Site where it
// sends no Origin. Who is no browser sends neither, and is not asked.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/broker/reason.h"
#include "server/config/config.h"
#include "server/http/request.h"

namespace tokenbroker::web {

// Immutable, so thread-safe.
class Sites {
 public:
  // `open`: everybody may do everything, whatever credentials are shown.
  Sites(const HttpConfig& config, bool open);

  // Refuses what a page of another site sends, if it may change something; what only reads is safe, since browsers keep
  // the answer from the page. Pages of http.cors.origins may do everything.
  //
  // If `open`, also refuses what a page sends by a host name that is not ours, even if it only reads: the name may be
  // the page's own, made to stand for this address (DNS rebinding), and the browser then takes page and broker for the
  // same site. Ours are addresses, localhost, and the hosts of http.listen and http.cors.origins. Where http.listen is
  // loopback this holds for everybody: over plain HTTP a browser does not say that a page reads, and from the same
  // machine nobody needs another name.
  broker::Refusal Check(const http::Request& request) const;

 private:
  bool MayDoEverything(std::string_view origin) const;
  bool IsOwnHost(std::string_view authority) const;

  const std::vector<std::string> origins_;
  const bool open_;
  bool loopback_ = false;
  std::vector<std::string> hosts_;
};

}  // namespace tokenbroker::web
