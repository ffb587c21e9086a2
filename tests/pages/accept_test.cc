#include "server/pages/accept.h"

#include <gtest/gtest.h>

namespace tokenbroker::pages {
namespace {

TEST(Accept, BrowsersGetPages) {
  constexpr char kChromium[] = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";
  EXPECT_TRUE(WantsPage(kChromium, false));
  EXPECT_TRUE(WantsPage(kChromium, true));
}

TEST(Accept, WhoNamesJsonGetsJson) {
  for (const bool post : {false, true}) {
    EXPECT_FALSE(WantsPage("application/json", post));
    EXPECT_FALSE(WantsPage("application/json, text/plain, */*", post));
    EXPECT_FALSE(WantsPage("text/html;q=0.5, application/json", post));
    EXPECT_TRUE(WantsPage("text/html, application/json;q=0.9", post));
  }
}

TEST(Accept, WhoDoesNotSayLooksAtAPageAndActsInJson) {
  for (const char* accept : {"", "*/*", "image/png", "text/html, application/json", "garbage;;,,;q=x"}) {
    EXPECT_TRUE(WantsPage(accept, false)) << accept;
    EXPECT_FALSE(WantsPage(accept, true)) << accept;
  }
}

}  // namespace
}  // namespace tokenbroker::pages
