// An HTTP client that sends nothing: a test says what comes of each request.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "server/outbound/http_client.h"

namespace tokenbroker::outbound {

inline HttpResult Answered(int status, std::string body = "", HttpHeaders headers = {}) {
  HttpResult result;
  result.response = {status, std::move(headers), std::move(body)};
  return result;
}

inline HttpResult Failed(HttpResult::Failure failure, bool may_have_arrived) {
  HttpResult result;
  result.failure = failure;
  result.message = NameOf(failure);
  result.may_have_arrived = may_have_arrived;
  return result;
}

class FakeHttp : public HttpClient {
 public:
  void Send(HttpRequest request, Done done) override {
    requests.push_back(request);
    if (answer == nullptr) {
      parked.push_back(std::move(done));
    } else {
      done(answer(request));
    }
  }

  // Answers the oldest parked one.
  void Release(HttpResult result) {
    const Done done = std::move(parked.front());
    parked.erase(parked.begin());
    done(std::move(result));
  }

  // nullptr: requests are parked.
  std::function<HttpResult(const HttpRequest&)> answer;
  std::vector<HttpRequest> requests;
  std::vector<Done> parked;
};

inline std::string FieldOf(const HttpRequest& request, std::string_view name) {
  for (const auto& [each, value] : request.headers) {
    if (each == name) return value;
  }
  return "";
}

}  // namespace tokenbroker::outbound
