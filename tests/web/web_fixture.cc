#include "tests/web/web_fixture.h"

#include <cstdlib>

namespace tokenbroker::web {

std::string Answer::Reason() const {
  if (status == 200) return "OK";
  for (const Json& detail : Error().value("details", Json::array())) {
    if (detail.contains("reason")) return detail["reason"];
  }
  return "?";
}

std::string Answer::Field() const {
  for (const Json& detail : Error().value("details", Json::array())) {
    if (detail.contains("fieldViolations")) return detail["fieldViolations"][0].value("field", "");
  }
  return "";
}

bool StreamPeer::SendPiece(std::string_view bytes) {
  char size[20];
  std::snprintf(size, sizeof(size), "%zx\r\n", bytes.size());
  return peer_.Send(size + std::string(bytes) + "\r\n");
}

bool StreamPeer::More() {
  if (ended_) return false;
  const std::string line = peer_.ReadLine();
  const size_t size = std::strtoul(line.c_str(), nullptr, 16);
  if (size == 0) {
    ended_ = true;
    // Nothing at all: the connection broke.
    if (line.empty()) text_ += "(broken)";
    peer_.ReadLine();
    return false;
  }
  text_ += peer_.ReadBytes(size);
  peer_.ReadLine();
  return true;
}

std::string StreamPeer::ReadUntil(std::string_view mark) {
  size_t end;
  while ((end = text_.find(mark)) == std::string::npos) {
    if (!More()) return std::exchange(text_, "");
  }
  std::string text = text_.substr(0, end);
  text_.erase(0, end + mark.size());
  return text;
}

bool StreamPeer::AtEnd() {
  while (More()) {
  }
  return text_.empty();
}

Event ParseEvent(const std::string& text) {
  Event event;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("id: ", 0) == 0) event.id = line.substr(4);
    if (line.rfind("event: ", 0) == 0) event.name = line.substr(7);
    if (line.rfind("data: ", 0) == 0) event.data = Json::parse(line.substr(6), nullptr, false);
  }
  return event;
}

void WebFixture::SetUp() {
  DoorFixture::SetUp();
  calls::Door door{*broker_, *authenticator_, metrics_};
  door.version = "test";
  Prepare(door);
  config_.http.listen = "127.0.0.1:0";
  event_rules_ = *intake::EventRules::Make(Events(), registry_);
  auto web = WebServer::Start(door, config_, nullptr, event_rules_.get());
  ASSERT_TRUE(web.ok()) << web.status();
  web_ = *std::move(web);
}

void WebFixture::TearDown() {
  Drain();
  web_->Shutdown(30'000);
  DoorFixture::TearDown();
  // What still ran has ended with the executor.
  web_.reset();
}

void WebFixture::Drain() {
  web_->BeginDrain();
  DoorFixture::Drain();
}

std::string WebFixture::Request(std::string_view method, std::string_view target, const Headers& headers,
                                std::string_view body) const {
  std::string text = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: " + host_ + "\r\n";
  if (!key_.empty()) text += "Authorization: Bearer " + key_ + "\r\n";
  bool typed = false, sized = false;
  for (const auto& [name, value] : headers) {
    typed |= name == "Content-Type";
    sized |= name == "Transfer-Encoding";
    if (!value.empty()) text += name + ": " + value + "\r\n";
  }
  if (!body.empty() && !typed) text += "Content-Type: application/json\r\n";
  if (method == "POST" && !sized) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return text + "\r\n" + std::string(body);
}

Answer WebFixture::Send(std::string_view request) {
  http::RawPeer peer(port());
  peer.Send(request);
  Answer answer;
  answer.raw = peer.ReadAnswer(request.substr(0, 5) == "HEAD ");
  answer.status = answer.raw.status;
  Json body = Json::parse(answer.raw.body, nullptr, false);
  if (body.is_object()) answer.body = std::move(body);
  return answer;
}

pb::Task WebFixture::Look(const std::string& id) {
  pb::Task task;
  const grpc::Status status = DoorFixture::Get(ById(id), &task);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return task;
}

}  // namespace tokenbroker::web
