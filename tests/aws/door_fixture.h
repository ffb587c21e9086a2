// The AWS door on the broker of the gRPC door's fixture.
#pragma once

#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

#include "server/aws/door.h"
#include "server/aws/task_operations.h"
#include "tests/aws/signer.h"
#include "tests/rpc/door_fixture.h"

namespace tokenbroker::aws {

namespace pb = calls::pb;

// The test's own thread as a home: it resumes what was posted while it waits for an answer.
class WaitingHome : public Home {
 public:
  bool Here() const override { return false; }
  void Post(Visit& visit) override {
    std::lock_guard lock(mutex_);
    visits_.Push(visit);
    changed_.notify_one();
  }
  // Until there is an answer.
  Answer Wait(std::optional<Answer>& answer) {
    std::unique_lock lock(mutex_);
    while (!answer.has_value()) {
      changed_.wait(lock, [&] { return answer.has_value() || !visits_.empty(); });
      lock.unlock();
      visits_.ResumeAll();
      lock.lock();
    }
    return std::move(*answer);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  VisitList visits_;
};

class AwsDoorFixture : public rpc::DoorFixture {
 protected:
  using Json = nlohmann::json;

  virtual void AddOperations(OperationTable& operations) { AddTaskOperations(*calls_, operations); }
  virtual KeySet Keys() { return {}; }

  void Prepare(calls::Door& door) override { calls_.emplace(door); }
  void SetUp() override {
    rpc::DoorFixture::SetUp();
    keys_ = Keys();
    OperationTable operations;
    AddOperations(operations);
    door_.emplace(*calls_, keys_, std::move(operations));
  }

  Answer Serve(const Request& request) {
    WaitingHome home;
    std::optional<Answer> answer;
    door_->Serve(request, home, [&](Answer got) { answer = std::move(got); });
    return home.Wait(answer);
  }
  Answer Call(const std::string& operation, const std::string& body) {
    SignedRequest request(operation, clock_.Now());
    request.body = body;
    return Serve(request.Sign().View());
  }

  // "200 {}", "TaskTimedOut: Task Timed Out: ...".
  static std::string TextOf(const Answer& answer) {
    if (answer.status == 200) return "200 " + answer.body;
    const Json body = Json::parse(answer.body);
    const std::string type = body["__type"];
    return type.substr(type.find('#') + 1) + ": " + body.value("message", "");
  }
  static std::string HeaderOf(const Answer& answer, std::string_view name) {
    for (const auto& [each, value] : answer.headers) {
      if (each == name) return value;
    }
    return "";
  }

  static std::string SuccessBody(const std::string& token, const std::string& output) {
    return Json{{"taskToken", token}, {"output", output}}.dump();
  }
  static std::string FailureBody(const std::string& token, const std::string& error, const std::string& cause) {
    return Json{{"taskToken", token}, {"error", error}, {"cause", cause}}.dump();
  }
  static std::string HeartbeatBody(const std::string& token) { return Json{{"taskToken", token}}.dump(); }

  pb::IssueTaskResponse IssueTask(const std::function<void(pb::IssueTaskRequest&)>& change = {}) {
    pb::IssueTaskRequest request;
    request.set_namespace_("demo");
    if (change) change(request);
    return Issue(request);
  }

  std::optional<calls::Door> calls_;
  KeySet keys_;
  std::optional<Door> door_;
};

}  // namespace tokenbroker::aws
