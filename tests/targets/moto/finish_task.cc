// Finishes one task through the Step Functions target and says in one line what came of it: for drive.py.
//
//   echo TOKEN | finish_task ENDPOINT REGION succeed OUTPUT | fail ERROR CAUSE | heartbeat | expire
//
// Credentials come from the standard chain.
#include <cstdlib>
#include <future>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "base/system_clock.h"
#include "server/outbound/curl_client.h"
#include "server/outbound/wall_clock.h"
#include "server/targets/target_factory.h"
#include "tests/targets/fixtures.h"

extern char** environ;

namespace tokenbroker::targets {
namespace {

using Arguments = std::vector<std::string>;

std::vector<std::pair<std::string, std::string>> Environment() {
  std::vector<std::pair<std::string, std::string>> variables;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string text = *each;
    const size_t equals = text.find('=');
    if (equals != std::string::npos) variables.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

forward::Delivery DeliveryOf(const Arguments& arguments, std::string token, TimeMs now) {
  forward::Delivery delivery;
  delivery.id = "1";
  delivery.task_id = "moto-task";
  delivery.upstream_token = std::move(token);
  delivery.ended_at = now;
  if (arguments[2] == "succeed") {
    delivery.output = arguments.at(3);
  } else if (arguments[2] == "fail") {
    delivery.kind = forward::Delivery::Kind::kFailed;
    delivery.error = arguments.at(3);
    delivery.cause = arguments.at(4);
  } else {
    delivery.kind = forward::Delivery::Kind::kTimeout;
  }
  return delivery;
}

int Run(const Arguments& arguments) {
  std::string token;
  std::getline(std::cin, token);
  const SystemClock clock;
  const outbound::WallClock wall_clock;
  const auto http = outbound::CurlClient::Start({}).value();
  const auto surroundings = outbound::aws::RealSurroundings(Environment(), *http, wall_clock);
  TargetFactory factory(surroundings, clock, *http);
  const auto target = factory.StepFunctions({.region = arguments[1], .endpoint = arguments[0]}).value();
  std::promise<forward::Answer> promise;
  const auto done = [&](forward::Answer answer) { promise.set_value(std::move(answer)); };
  if (arguments[2] == "heartbeat") {
    target->Beat(token, done);
  } else {
    target->Deliver(DeliveryOf(arguments, token, clock.Now()), done);
  }
  const forward::Answer answer = promise.get_future().get();
  std::cout << NameOf(answer.kind) << " | " << answer.code << " | " << answer.message << std::endl;
  return 0;
}

}  // namespace
}  // namespace tokenbroker::targets

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() < 3) {
    std::cerr << "finish_task ENDPOINT REGION succeed OUTPUT | fail ERROR CAUSE | heartbeat | expire\n";
    return 2;
  }
  return tokenbroker::targets::Run(arguments);
}
