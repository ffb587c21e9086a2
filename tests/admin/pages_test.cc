#include "server/admin/pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tokenbroker {
namespace {

using nlohmann::json;
using testing::HasSubstr;

AdminHandlers Handlers(std::vector<ReadinessCheck> checks) {
  return {.ready = [checks = std::move(checks)] { return checks; },
          .metrics = [](Exposition e) { return e == Exposition::kOpenMetrics ? "open\n" : "plain\n"; },
          .version = "1.2.3"};
}

AdminPage Get(std::string_view target, std::string_view accept = "") {
  return AnswerAdminRequest(Handlers({{"store_open", true, "at /data"}}), target, accept);
}

TEST(AdminPages, LiveAnswersAlways) {
  EXPECT_EQ(AnswerAdminRequest(Handlers({{"store_open", false, "no"}}), "/livez", "").status, 200);
}

TEST(AdminPages, ReadyListsItsChecks) {
  const AdminPage page = Get("/readyz");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.content_type, "application/json");
  EXPECT_EQ(json::parse(page.body), json::parse(R"({"ready":true,"checks":[{"name":"store_open","passed":true}]})"));
  EXPECT_EQ(json::parse(Get("/readyz?verbose").body)["checks"][0]["reason"], "at /data");
}

TEST(AdminPages, NotReadySaysWhy) {
  const AdminPage page =
      AnswerAdminRequest(Handlers({{"store_open", true, ""}, {"not_draining", false, "SIGTERM \xFF"}}), "/readyz", "");
  EXPECT_EQ(page.status, 503);
  EXPECT_EQ(json::parse(page.body)["ready"], false);
  EXPECT_EQ(json::parse(page.body)["checks"][1]["reason"], "SIGTERM \xEF\xBF\xBD");
}

TEST(AdminPages, MetricsComeInTheFormAskedFor) {
  EXPECT_EQ(Get("/metrics").body, "plain\n");
  EXPECT_THAT(Get("/metrics").content_type, HasSubstr("version=0.0.4"));
  EXPECT_EQ(Get("/metrics", "application/openmetrics-text").body, "open\n");
  EXPECT_THAT(Get("/metrics", "application/openmetrics-text").content_type, HasSubstr("version=1.0.0"));
}

TEST(AdminPages, VersionIndexAndNothingElse) {
  EXPECT_EQ(json::parse(Get("/version").body)["version"], "1.2.3");
  EXPECT_THAT(Get("/").body, HasSubstr("/readyz"));
  for (const char* target : {"", "/nope", "/livez/", "//livez", "/Livez", "*", "http://x/livez"}) {
    EXPECT_EQ(Get(target).status, 404) << target;
  }
}

}  // namespace
}  // namespace tokenbroker
