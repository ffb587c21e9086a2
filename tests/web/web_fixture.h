// A broker in memory behind two doors: gRPC, without a socket, and HTTP, on one of 127.0.0.1. The clock moves when a
// test says so.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/web/web_server.h"
#include "tests/http/raw_peer.h"
#include "tests/rpc/door_fixture.h"

namespace tokenbroker::web {

namespace pb = calls::pb;
using Json = nlohmann::json;

struct Answer {
  int status = 0;
  // {} if it is none.
  Json body = Json::object();
  http::RawAnswer raw;

  // "OK", or that of the error's ErrorInfo; "?" if there is none.
  std::string Reason() const;
  std::string Message() const { return Error().value("message", ""); }
  // Of the first violation in the error's BadRequest.
  std::string Field() const;

 private:
  Json Error() const { return body.value("error", Json::object()); }
};

// A streamed answer, piece by piece.
class StreamPeer {
 public:
  explicit StreamPeer(uint16_t port) : peer_(port) {}

  bool Send(std::string_view text) { return peer_.Send(text); }
  // One piece of a chunked body.
  bool SendPiece(std::string_view bytes);
  bool SendEnd() { return peer_.Send("0\r\n\r\n"); }
  http::RawAnswer ReadHead() { return peer_.ReadAnswer(true); }
  http::RawAnswer ReadAnswer() { return peer_.ReadAnswer(); }
  // Up to `mark`, which is cut off; what was there before the end if it comes first.
  std::string ReadUntil(std::string_view mark);
  // The stream has ended as it should, with nothing left to read.
  bool AtEnd();
  http::RawPeer& raw() { return peer_; }

 private:
  bool More();

  http::RawPeer peer_;
  std::string text_;
  bool ended_ = false;
};

// The fields of one server-sent event.
struct Event {
  std::string id;
  std::string name;
  Json data;
};
Event ParseEvent(const std::string& text);

class WebFixture : public rpc::DoorFixture {
 protected:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  virtual std::vector<EventIntake> Events() { return {}; }

  void SetUp() override;
  void TearDown() override;
  // Both doors and the broker.
  void Drain();

  uint16_t port() const { return static_cast<uint16_t>(web_->port()); }

  // "POST /v1/x HTTP/1.1", Host, the key if there is one, and the body with its length if there is one; as JSON, if the
  // headers do not say otherwise.
  std::string Request(std::string_view method, std::string_view target, const Headers& headers = {},
                      std::string_view body = {}) const;
  Answer Send(std::string_view request);
  Answer Get(std::string_view target, const Headers& headers = {}) { return Send(Request("GET", target, headers)); }
  Answer Post(std::string_view target, const Json& body, const Headers& headers = {}) {
    return Send(Request("POST", target, headers, body.dump()));
  }
  Answer PostText(std::string_view target, std::string_view body, const Headers& headers = {}) {
    return Send(Request("POST", target, headers, body));
  }

  // What the log says of a task.
  pb::Task Look(const std::string& id);

  // What requests have in Host.
  std::string host_ = "localhost:8433";
  // What the HTTP door is started with.
  Config config_;
  std::unique_ptr<intake::EventRules> event_rules_;
  std::unique_ptr<WebServer> web_;
};

// Returns when `condition` holds; gives up after half a minute.
template <typename Condition>
bool Eventually(const Condition& condition) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace tokenbroker::web
