#include "tests/http/server_fixture.h"

#include <stdexcept>

namespace tokenbroker::http {

void ServerTest::Start() {
  const auto add = [this](Route route) { ASSERT_TRUE(router_.Add(std::move(route)).ok()); };
  const auto text = [](std::string body) { return Response{.content_type = "text/plain", .body = std::move(body)}; };
  const auto park = [this](ExchangePtr exchange) { parked_.Add(std::move(exchange)); };
  add({.method = Method::kGet, .path = "/hello", .handle = [=](ExchangePtr e) { e->Answer(text("hi")); }});
  add({.method = Method::kPost, .path = "/echo", .handle = [=](ExchangePtr e) {
         e->Answer(text(std::string(e->request().body)));
       }});
  add({.method = Method::kGet, .path = "/v1/things/{id}", .handle = [=](ExchangePtr e) {
         e->Answer(text("get " + std::string(e->request().Variable("id"))));
       }});
  add({.method = Method::kPost, .path = "/v1/things/{id}:act", .handle = [=](ExchangePtr e) {
         e->Answer(text("act " + std::string(e->request().Variable("id"))));
       }});
  add({.method = Method::kPost, .path = "/park", .handle = park});
  add({.method = Method::kGet, .path = "/park", .handle = park});
  add({.method = Method::kPost,
       .path = "/small",
       .handle = [=](ExchangePtr e) { e->Answer(text(e->TakeBody())); },
       .max_body_bytes = 8});
  add({.method = Method::kGet, .path = "/large", .handle = [=](ExchangePtr e) {
         e->Answer(text(std::string(kLargeSize, 'x')));
       }});
  add({.method = Method::kGet, .path = "/throw", .handle = [](ExchangePtr) { throw std::runtime_error("secret"); }});
  add({.method = Method::kGet, .path = "/drop", .handle = [](ExchangePtr) {}});
  auto server = Server::Start(options_, std::move(router_));
  ASSERT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
}

RawAnswer ServerTest::Ask(std::string_view request) {
  RawPeer peer = Connect();
  peer.Send(request);
  return peer.ReadAnswer();
}

bool ServerTest::TakeSlowly(RawPeer& peer) {
  peer.Send(kGetLarge);
  constexpr size_t kPart = kLargeSize / 8;
  for (int part = 0; part < 8; ++part) {
    if (peer.ReadBytes(kPart).size() < kPart || observer_.hangups.size() > 0) return false;
    Settle();
    Advance(kPart / 100);
  }
  return true;
}

void ServerTest::Settle() {
  RawPeer peer = Connect();
  peer.Send(kGet);
  EXPECT_EQ(peer.ReadAnswer().status, 200);
}

std::string PostTo(const std::string& path, const std::string& body, const std::string& fields) {
  return "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + fields +
         "\r\n" + body;
}

}  // namespace tokenbroker::http
