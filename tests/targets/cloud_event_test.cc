#include "server/targets/cloud_event.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/targets/fixtures.h"

namespace tokenbroker::targets {
namespace {

using forward::Delivery;

TEST(CloudEvent, SaysAllThatIsThere) {
  Delivery delivery = MakeDelivery();
  delivery.namespace_name = "or/ders";
  delivery.correlation_key = "order \"7\"";
  delivery.labels = {{"team", "a"}, {"x", "\n"}};
  delivery.output = "{ \"a\" : 1.50, \"b\":12345678901234567890123 }";
  delivery.resolved_by = "key:jobs";
  delivery.traceparent = "00-1-2-01";
  delivery.tracestate = "v=1";
  EXPECT_EQ(CloudEventOf(delivery, "tokenbroker"),
            R"({"specversion":"1.0","id":"delivery-1","source":"tokenbroker/namespaces/or%2Fders",)"
            R"("type":"tokenbroker.v1.task.succeeded","subject":"task-1","time":"2026-11-20T18:16:06.123Z",)"
            R"("datacontenttype":"application/json","traceparent":"00-1-2-01","tracestate":"v=1",)"
            R"("data":{"namespace":"or/ders","taskId":"task-1","correlationKey":"order \"7\"",)"
            R"("labels":{"team":"a","x":"\n"},"output":{ "a" : 1.50, "b":12345678901234567890123 },)"
            R"("issuedAt":"2026-11-20T18:15:06.123Z","endedAt":"2026-11-20T18:16:06.123Z","resolvedBy":"key:jobs"}})");
}

TEST(CloudEvent, LeavesOutWhatIsNotThereAndIsJsonAllTheSame) {
  for (const auto& [kind, type] : {std::pair{Delivery::Kind::kSucceeded, "tokenbroker.v1.task.succeeded"},
                                   {Delivery::Kind::kFailed, "tokenbroker.v1.task.failed"},
                                   {Delivery::Kind::kHeartbeatTimeout, "tokenbroker.v1.task.heartbeat_timed_out"},
                                   {Delivery::Kind::kTimeout, "tokenbroker.v1.task.timed_out"}}) {
    Delivery delivery = MakeDelivery();
    delivery.kind = kind;
    const bool failed = kind == Delivery::Kind::kFailed;
    if (failed) delivery.error = "Boom";
    const auto event = nlohmann::json::parse(CloudEventOf(delivery, "b"));
    EXPECT_EQ(event["type"], type);
    EXPECT_EQ(event["data"].contains("output"), kind == Delivery::Kind::kSucceeded);
    EXPECT_EQ(event["data"].contains("error"), failed);
    EXPECT_FALSE(event.contains("traceparent"));
    EXPECT_EQ(event.dump().find(kUpstreamToken), std::string::npos);
  }
}

}  // namespace
}  // namespace tokenbroker::targets
