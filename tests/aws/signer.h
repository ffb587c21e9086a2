// Signs requests as an AWS SDK would, in its own words alone: for tests that need one that is right in all but one
// thing.
#pragma once

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/sigv4/request.h"
#include "server/sigv4/sigv4.h"
#include "server/sigv4/timestamp.h"

namespace tokenbroker::aws {

inline constexpr char kTestKey[] = "AKIDEXAMPLE";
inline constexpr char kTestSecret[] = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

class SignedRequest {
 public:
  std::string method = "POST", path = "/", query, body = "{}", secret = kTestSecret, credential;
  std::vector<std::pair<std::string, std::string>> headers;
  // Empty: all of them.
  std::string signed_headers;
  Scope scope;
  std::string timestamp;

  SignedRequest(std::string operation, TimeMs now)
      : headers{{"Host", "localhost:8433"},
                {"Content-Type", "application/x-amz-json-1.0"},
                {"X-Amz-Target", "AWSStepFunctions." + operation}},
        timestamp(FormatTimestamp(now)) {
    scope = {timestamp.substr(0, 8), "us-east-1", "states"};
  }

  // nullptr if there is none.
  std::string* Find(std::string_view name) {
    for (auto& [each, value] : headers) {
      if (SameName(each, name)) return &value;
    }
    return nullptr;
  }
  void Set(const std::string& name, const std::string& value) {
    Remove(name);
    headers.emplace_back(name, value);
  }
  void Remove(std::string_view name) {
    std::erase_if(headers, [&](const auto& header) { return SameName(header.first, name); });
  }

  // Views into this.
  Request View() {
    views_.clear();
    for (const auto& [name, value] : headers) views_.push_back({name, value});
    return {method, path, query, views_, body, "request-1"};
  }

  // Adds X-Amz-Date and Authorization.
  SignedRequest& Sign() {
    if (Find("x-amz-date") == nullptr) Set("X-Amz-Date", timestamp);
    if (signed_headers.empty()) signed_headers = AllNames();
    Set("Authorization", std::string(kAlgorithm) + " Credential=" + Credential() + ", SignedHeaders=" + signed_headers +
                             ", Signature=" + SignatureOf());
    return *this;
  }

  // Puts it all into the query.
  SignedRequest& Presign(const std::string& expires = "60") {
    if (signed_headers.empty()) signed_headers = AllNames();
    if (!query.empty()) query += "&";
    query += "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" + Credential() + "&X-Amz-Date=" + timestamp +
             "&X-Amz-Expires=" + expires + "&X-Amz-SignedHeaders=" + signed_headers;
    query += "&X-Amz-Signature=" + SignatureOf();
    return *this;
  }

 private:
  std::string Credential() const {
    if (!credential.empty()) return credential;
    return std::string(kTestKey) + "/" + scope.date + "/" + scope.region + "/" + scope.service + "/aws4_request";
  }

  std::string AllNames() const {
    std::vector<std::string> names;
    for (const auto& [name, value] : headers) {
      names.emplace_back(name);
      for (char& c : names.back()) c = static_cast<char>(std::tolower(c));
    }
    std::sort(names.begin(), names.end());
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "" : ";") + name;
    return all;
  }

  std::string SignatureOf() {
    const std::string canonical = CanonicalRequest(View(), signed_headers, Hex(Sha256(body))).value_or("");
    return Signature(SigningKey(secret, scope), StringToSign(timestamp, scope, canonical));
  }

  std::vector<Header> views_;
};

}  // namespace tokenbroker::aws
