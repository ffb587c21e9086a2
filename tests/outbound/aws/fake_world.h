// Surroundings that a test makes up.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "server/outbound/aws/credentials.h"
#include "server/outbound/aws/surroundings.h"
#include "tests/outbound/fake_http.h"

namespace tokenbroker::outbound::aws {

constexpr TimeMs kNow = 1'795'198'566'000;  // 2026-11-20T18:16:06Z

struct FakeWorld {
  FakeWorld() {
    http.answer = [this](const HttpRequest& request) {
      const auto found = pages.find(request.method + " " + request.url);
      return found == pages.end() ? Failed(HttpResult::Failure::kConnect, false) : found->second;
    };
  }

  SurroundingsPtr surroundings() {
    return std::make_shared<const Surroundings>(
        Surroundings{[this](std::string_view name) {
                       const auto found = variables.find(std::string(name));
                       return found == variables.end() ? std::string() : found->second;
                     },
                     [this](const std::string& path) -> absl::StatusOr<std::string> {
                       const auto found = files.find(path);
                       if (found == files.end()) return absl::NotFoundError("cannot read " + path);
                       return found->second;
                     },
                     http, clock});
  }

  ManualClock clock{kNow};
  FakeHttp http;
  std::map<std::string, std::string> variables{{"HOME", "/home/me"}};
  std::map<std::string, std::string> files;
  // By method and URL.
  std::map<std::string, HttpResult> pages;
};

// What a source says; INTERNAL if it says nothing at once.
inline absl::StatusOr<Credentials> Fetch(const CredentialsSource& source) {
  absl::StatusOr<Credentials> fetched = absl::InternalError("no answer");
  source([&](absl::StatusOr<Credentials> credentials) { fetched = std::move(credentials); });
  return fetched;
}

}  // namespace tokenbroker::outbound::aws
