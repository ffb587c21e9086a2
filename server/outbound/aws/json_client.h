// Calls of an AWS service of the JSON protocol: signed, sent once, and answered with what AWS calls its errors.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "server/outbound/aws/cached_credentials.h"
#include "server/outbound/http_client.h"

namespace tokenbroker::outbound::aws {

struct JsonClientOptions {
  // As signatures have it: "states".
  std::string service;
  std::string region;
  // "https://states.eu-west-1.amazonaws.com"
  std::string endpoint;
  // "AWSStepFunctions"
  std::string target_prefix;
  DurationMs timeout = 20'000;
};

struct JsonAnswer {
  // Not OK: there were no credentials, or no request could be made of it, and nothing was sent.
  absl::Status prepared;
  HttpResult http;
  // "TaskTimedOut": AWS's name for its error, without a namespace; empty if it was none, or it has no name.
  std::string code;
  // AWS's own words, the first line alone, without the credentials; may quote what was sent.
  std::string message;
  // What the call was refused for has been mended since: other credentials were asked for, the clock was set right.
  bool mended = false;

  bool ok() const { return prepared.ok() && http.answered() && http.response.status == 200; }
};

// Thread-safe.
class JsonClient {
 public:
  using Done = std::function<void(JsonAnswer)>;

  // `http` and `clock` must outlive this and its answers.
  JsonClient(JsonClientOptions options, HttpClient& http, std::shared_ptr<CachedCredentials> credentials,
             const Clock& clock);

  // `body` is JSON, and is sent as it is. `done` as HttpClient::Send has it; it may come when this is gone.
  void Call(std::string_view operation, std::string body, Done done);

 private:
  struct State;
  const std::shared_ptr<State> state_;
};

}  // namespace tokenbroker::outbound::aws
