// tokenctl delivery.
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "tests/cli/commands/commands_fixture.h"

namespace tokenbroker::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

v1::Delivery DeadLetter() {
  v1::Delivery delivery;
  delivery.set_task_id("0123456789abcdef01");
  delivery.set_target("states");
  delivery.set_state(v1::DELIVERY_STATE_DEAD_LETTERED);
  delivery.set_outcome(v1::TASK_STATE_SUCCEEDED);
  delivery.set_attempts(7);
  delivery.set_answer_code("InvalidOutput");
  delivery.set_answer_message("it is no JSON");
  return delivery;
}

TEST_F(CommandsTest, DeliveriesAreListedAndShown) {
  broker.list_deliveries = [&](const v1::ListDeliveriesRequest& request,
                               DurationMs) -> absl::StatusOr<v1::ListDeliveriesResponse> {
    EXPECT_EQ(request.namespace_(), "orders");
    EXPECT_EQ(request.target(), "states");
    EXPECT_EQ(request.states(0), v1::DELIVERY_STATE_DEAD_LETTERED);
    v1::ListDeliveriesResponse response;
    *response.add_deliveries() = DeadLetter();
    return response;
  };
  EXPECT_EQ(Tokenctl({"delivery", "list", "-n", "orders", "--target", "states", "--state", "dead-lettered"}), 0) << err;
  EXPECT_THAT(out, HasSubstr("InvalidOutput"));
  EXPECT_EQ(Tokenctl({"delivery", "list", "--state", "lost"}), kUsage);
  broker.get_delivery = [](const v1::GetDeliveryRequest&, DurationMs) -> absl::StatusOr<v1::GetDeliveryResponse> {
    v1::GetDeliveryResponse response;
    *response.mutable_delivery() = DeadLetter();
    return response;
  };
  EXPECT_EQ(Tokenctl({"delivery", "get", "0123456789abcdef01", "-o", "json"}), 0) << err;
  EXPECT_THAT(out, HasSubstr("\"state\": \"DEAD_LETTERED\""));
  EXPECT_EQ(Tokenctl({"delivery", "get", "0123456789abcdef01"}), 0) << err;
  EXPECT_THAT(out, AllOf(HasSubstr("\nmessage: "), HasSubstr("it is no JSON")));
}

TEST_F(CommandsTest, DeadLettersAreRedrivenUntilThereAreNoMore) {
  int calls = 0;
  broker.redrive = [&](const v1::RedriveDeliveriesRequest& request,
                       DurationMs) -> absl::StatusOr<v1::RedriveDeliveriesResponse> {
    EXPECT_EQ(request.target(), "states");
    EXPECT_FALSE(request.has_task());
    v1::RedriveDeliveriesResponse response;
    response.set_redriven(1000);
    response.set_more(++calls < 3);
    return response;
  };
  EXPECT_EQ(Tokenctl({"delivery", "redrive", "--dead", "--target", "states"}), 0) << err;
  EXPECT_EQ(out, "3000\n");
  EXPECT_EQ(Tokenctl({"delivery", "redrive", "--target", "states"}), kUsage);
}

TEST_F(CommandsTest, DeliveriesAreDroppedUntilThereAreNoMore) {
  std::vector<v1::DropDeliveriesRequest> requests;
  broker.drop_many = [&](const v1::DropDeliveriesRequest& request,
                         DurationMs) -> absl::StatusOr<v1::DropDeliveriesResponse> {
    requests.push_back(request);
    v1::DropDeliveriesResponse response;
    response.set_dropped(request.limit());
    response.set_more(requests.size() < 3);
    return response;
  };
  EXPECT_EQ(Tokenctl({"delivery", "drop", "--dead", "--target", "states"}), 0) << err;
  EXPECT_EQ(out, "3000\n");
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[0].target(), "states");
  EXPECT_FALSE(requests[0].namespace_().empty());
  ASSERT_EQ(requests[0].states_size(), 1);
  EXPECT_EQ(requests[0].states(0), v1::DELIVERY_STATE_DEAD_LETTERED);

  requests.clear();
  EXPECT_EQ(Tokenctl({"delivery", "drop", "--pending", "--all-namespaces", "--limit", "1500", "-o", "json"}), 0) << err;
  EXPECT_THAT(out, HasSubstr("\"dropped\": 1500"));
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[1].limit(), 500);
  EXPECT_EQ(requests[0].namespace_(), "");
  EXPECT_EQ(requests[0].states(0), v1::DELIVERY_STATE_PENDING);
}

TEST_F(CommandsTest, ManyDeliveriesAreDroppedOnlyWhereTheirStateIsSaid) {
  broker.drop_many = [](const v1::DropDeliveriesRequest&, DurationMs) -> absl::StatusOr<v1::DropDeliveriesResponse> {
    ADD_FAILURE() << "nobody has asked for it";
    return v1::DropDeliveriesResponse();
  };
  EXPECT_EQ(Tokenctl({"delivery", "drop", "--target", "states"}), kUsage);
  EXPECT_EQ(Tokenctl({"delivery", "drop", "--all-namespaces"}), kUsage);
  EXPECT_EQ(Tokenctl({"delivery", "drop", "--dead", "--limit", "0"}), kUsage);
}

TEST_F(CommandsTest, OneDeliveryOrManyAreChangedButNeverBothAtOnce) {
  int changed = 0;
  broker.drop_many = [&](const v1::DropDeliveriesRequest&, DurationMs) -> absl::StatusOr<v1::DropDeliveriesResponse> {
    ++changed;
    return v1::DropDeliveriesResponse();
  };
  broker.redrive = [&](const v1::RedriveDeliveriesRequest&,
                       DurationMs) -> absl::StatusOr<v1::RedriveDeliveriesResponse> {
    ++changed;
    return v1::RedriveDeliveriesResponse();
  };
  for (const std::string one : {"0123456789abcdef01", "--key=order-17", "--token-file=task.token"}) {
    EXPECT_EQ(Tokenctl({"delivery", "drop", one, "--dead"}), kUsage) << one;
    EXPECT_EQ(Tokenctl({"delivery", "drop", one, "--pending"}), kUsage) << one;
    EXPECT_EQ(Tokenctl({"delivery", "redrive", one, "--dead"}), kUsage) << one;
    EXPECT_THAT(err, HasSubstr("--dead"));
  }
  EXPECT_EQ(changed, 0);
  environment["TOKENBROKER_TOKEN"] = "tkA";
  EXPECT_EQ(Tokenctl({"delivery", "drop", "--dead"}), kOk) << "a token in the environment names no task here";
}

}  // namespace
}  // namespace tokenbroker::cli
