// An SQS and a Step Functions that live in the test: what they hold, and what they were asked.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/outbound/fake_http.h"

namespace tokenbroker::intake {

using Json = nlohmann::json;

struct FakeAws {
  struct Message {
    std::string id;
    std::string body;
    TimeMs visible_at = 0;
    int receives = 0;
    Json attributes;
  };

  explicit FakeAws(const Clock& the_clock) : clock(the_clock) {}

  outbound::HttpResult Answer(const outbound::HttpRequest& request) {
    const std::string target = FieldOf(request, "X-Amz-Target");
    const std::string operation = target.substr(target.find('.') + 1);
    asked.push_back(operation);
    authorizations.push_back(FieldOf(request, "Authorization"));
    const Json body = Json::parse(request.body);
    if (before != nullptr) {
      if (std::optional<outbound::HttpResult> result = before(operation, body)) return *std::move(result);
    }
    const Json answer = Serve(operation, body);
    if (after != nullptr) {
      if (std::optional<outbound::HttpResult> result = after(operation)) return *std::move(result);
    }
    return outbound::Answered(200, answer.dump());
  }

  std::string Put(const std::string& body,
                  const std::string& queue = "https://sqs.eu-west-1.amazonaws.com/1/callbacks") {
    const std::string id = "m" + std::to_string(++last_id);
    queues[queue].push_back({id, body});
    return id;
  }
  std::vector<Message>& callbacks() { return queues["https://sqs.eu-west-1.amazonaws.com/1/callbacks"]; }
  std::vector<Message>& dead() { return queues["https://sqs.eu-west-1.amazonaws.com/1/dead"]; }
  int Count(const std::string& operation) const {
    return static_cast<int>(std::count(asked.begin(), asked.end(), operation));
  }

  const Clock& clock;
  std::map<std::string, std::vector<Message>> queues;
  std::deque<Json> activity_tasks;
  std::vector<Json> failures;
  std::vector<std::string> asked;
  std::vector<std::string> authorizations;
  int last_id = 0;
  // What comes instead of an answer: before it is acted on, and when it was.
  std::function<std::optional<outbound::HttpResult>(const std::string& operation, const Json& body)> before;
  std::function<std::optional<outbound::HttpResult>(const std::string& operation)> after;

 private:
  Json Serve(const std::string& operation, const Json& body) {
    if (operation == "ReceiveMessage") return Receive(body);
    if (operation == "DeleteMessageBatch") return Delete(body);
    if (operation == "ChangeMessageVisibilityBatch") return Hide(body);
    if (operation == "SendMessage") {
      Put(body["MessageBody"], body["QueueUrl"]);
      queues[body["QueueUrl"]].back().attributes = body["MessageAttributes"];
      return Json::object();
    }
    if (operation == "GetActivityTask") {
      if (activity_tasks.empty()) return {{"taskToken", nullptr}, {"input", nullptr}};
      Json task = activity_tasks.front();
      activity_tasks.pop_front();
      return task;
    }
    failures.push_back(body);
    return Json::object();
  }

  Json Receive(const Json& body) {
    Json messages = Json::array();
    for (Message& message : queues[body["QueueUrl"]]) {
      if (message.visible_at > clock.Now() || messages.size() >= body["MaxNumberOfMessages"].get<size_t>()) continue;
      message.visible_at = clock.Now() + body["VisibilityTimeout"].get<int64_t>() * 1'000;
      ++message.receives;
      messages.push_back({{"MessageId", message.id}, {"ReceiptHandle", "r-" + message.id}, {"Body", message.body}});
    }
    return messages.empty() ? Json::object() : Json{{"Messages", messages}};
  }

  Json Delete(const Json& body) {
    for (const Json& entry : body["Entries"]) {
      std::erase_if(queues[body["QueueUrl"]],
                    [&](const Message& message) { return "r-" + message.id == entry["ReceiptHandle"]; });
    }
    return {{"Successful", Json::array()}, {"Failed", Json::array()}};
  }

  Json Hide(const Json& body) {
    for (const Json& entry : body["Entries"]) {
      for (Message& message : queues[body["QueueUrl"]]) {
        if ("r-" + message.id != entry["ReceiptHandle"]) continue;
        message.visible_at = clock.Now() + entry["VisibilityTimeout"].get<int64_t>() * 1'000;
      }
    }
    return Json::object();
  }
};

}  // namespace tokenbroker::intake
