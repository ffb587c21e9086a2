#include "tests/bench/http_traffic.h"

#include "tests/bench/sample.h"

namespace tokenbroker::benchmarks {
namespace {

std::string Quoted(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

const std::string& OutputText() {
  static const std::string text = Quoted(kOutput);
  return text;
}

std::string Body(Wire wire, std::string_view token) {
  std::string body = wire == Wire::kRest ? R"({"task":{"token":")" : R"({"taskToken":")";
  body.append(token).append(wire == Wire::kRest ? R"("},"output":")" : R"(","output":")");
  return body.append(OutputText()).append("\"}");
}

void AppendRequest(std::string_view path, std::string_view fields, std::string_view body, std::string& out) {
  out.append("POST ").append(path).append(" HTTP/1.1\r\nHost: 127.0.0.1:8433\r\n").append(fields);
  out.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n").append(body);
}

// What an SDK of AWS sends besides, but for the signature: nobody looks at it where everybody may call.
constexpr std::string_view kAwsFields =
    "Content-Type: application/x-amz-json-1.0\r\nX-Amz-Target: AWSStepFunctions.SendTaskSuccess\r\n"
    "X-Amz-Date: 20261121T120000Z\r\nUser-Agent: aws-cli/2.9.19 Python/3.11.2\r\nAccept-Encoding: identity\r\n";
constexpr std::string_view kRestFields = "Content-Type: application/json\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n";

void AppendSettle(Wire wire, std::string_view path, std::string_view token, std::string& out) {
  AppendRequest(path, wire == Wire::kRest ? kRestFields : kAwsFields, Body(wire, token), out);
}

size_t CountOf(std::string_view what, std::string_view text) {
  size_t count = 0;
  for (size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + what.size())) ++count;
  return count;
}

}  // namespace

HttpSettleTraffic::HttpSettleTraffic(Wire wire, TokenPool& tokens) : wire_(wire), order_(tokens) {}

bool HttpSettleTraffic::Fill(std::string& request, SettleOrder::Expect& expect) {
  if (!order_.Next(token_, expect)) return false;
  AppendSettle(wire_, wire_ == Wire::kRest ? "/v1/tasks:succeed" : "/", token_, request);
  return true;
}

size_t HttpSettleTraffic::Take(SettleOrder::Expect expect, int status, std::string_view body) {
  if (expect == SettleOrder::Expect::kUnknown) return status == (wire_ == Wire::kRest ? 404 : 400) ? 1 : 0;
  if (status != 200) return 0;
  if (wire_ == Wire::kAws) return body == "{}" ? 1 : 0;
  const bool accepted = body.find("ACCEPTED") != std::string_view::npos;
  return accepted == (expect == SettleOrder::Expect::kAccepted) ? 1 : 0;
}

HttpNullTraffic::HttpNullTraffic(Wire wire) {
  AppendSettle(wire, wire == Wire::kRest ? "/bench/rest" : "/bench/aws", std::string(TokenPool::kLength, 'T'),
               request_);
}

bool HttpNullTraffic::Fill(std::string& request, SettleOrder::Expect& expect) {
  request.append(request_);
  expect = SettleOrder::Expect::kAccepted;
  return true;
}

size_t HttpNullTraffic::Take(SettleOrder::Expect, int status, std::string_view) { return status == 200 ? 1 : 0; }

bool HttpBatchTraffic::Fill(std::string& request, SettleOrder::Expect&) {
  std::string body;
  if (!AppendBatch(order_, body)) return false;
  AppendRequest("/v1/settlements:batch", kRestFields, body, request);
  return true;
}

size_t HttpBatchTraffic::Take(SettleOrder::Expect, int status, std::string_view body) {
  return status == 200 ? JudgeBatch(body) : 0;
}

bool AppendBatch(SettleOrder& order, std::string& out) {
  std::string token;
  SettleOrder::Expect expect;
  int count = 0;
  out.append("{\"items\":[");
  for (; count < kBatchItems && order.Next(token, expect); ++count) {
    if (count > 0) out.push_back(',');
    out.append(R"({"succeed":)").append(Body(Wire::kRest, token)).append("}");
  }
  out.append("]}");
  return count > 0;
}

// One of a hundred is forged, one was settled before.
size_t JudgeBatch(std::string_view answer) {
  const size_t items = CountOf("\"verdict\"", answer);
  return CountOf("ACCEPTED", answer) + 2 >= items ? items : 0;
}

}  // namespace tokenbroker::benchmarks
