// One request's head into a Request: Beast's grammar, with our rules about framing on top.
//
// What has two readings is refused (RFC 9112 sections 5 and 6): Content-Length beside Transfer-Encoding or twice, any
// transfer coding but chunked, chunked under HTTP/1.0, Host missing or twice, a target that is not of the form its
// method wants. HeadScanner has refused before what Beast would let pass.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/http/body_decoder.h"
#include "server/http/options.h"
#include "server/http/request.h"

namespace tokenbroker::http {

class RequestParser final : private boost::beast::http::basic_parser<true> {
 public:
  struct Refusal {
    int status;
    std::string message;
  };

  // Fills `request`, which has to be empty and to live as long as this.
  explicit RequestParser(Request& request);

  // `head` is what HeadScanner found. Its views go into the request.
  std::optional<Refusal> ParseHead(std::string_view head, const Limits& limits);

  // Known after the head.
  bool wants_continue() const { return wants_continue_; }
  bool chunked() const { return chunked_; }
  uint64_t length() const { return length_; }
  bool keep_alive() const { return keep_alive_; }
  bool gzip() const { return gzip_; }
  // "OPTIONS *": the path is empty.
  bool whole_server() const { return whole_server_; }
  BodyDecoder body() const { return chunked_ ? BodyDecoder::Chunked() : BodyDecoder::Counted(length_); }

 private:
  using Base = boost::beast::http::basic_parser<true>;
  using Error = boost::beast::error_code;
  using View = boost::beast::string_view;

  void Refuse(int status, std::string message, Error& error);
  std::optional<Refusal> WhyBeastRefused(std::string_view head, const Error& error) const;
  void TakeTarget(std::string_view target, Error& error);
  void TakeAbsolute(std::string_view rest, Error& error);
  void TakeHost(std::string_view value, Error& error);
  void ReplaceHost();
  void TakeLength(std::string_view value, Error& error);
  void TakeTransferEncoding(std::string_view value, Error& error);
  void TakeContentEncoding(std::string_view value, Error& error);
  void TakeExpect(std::string_view value, Error& error);
  void TakeConnection(std::string_view value);

  void on_request_impl(boost::beast::http::verb verb, View method, View target, int version, Error& error) override;
  void on_response_impl(int, View, int, Error&) override {}
  void on_field_impl(boost::beast::http::field field, View name, View value, Error& error) override;
  void on_header_impl(Error& error) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) override {}
  size_t on_body_impl(View, Error&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, View, Error&) override {}
  size_t on_chunk_body_impl(std::uint64_t, View, Error&) override { return 0; }
  void on_finish_impl(Error&) override {}

  Request& request_;
  const Limits* limits_ = nullptr;
  std::optional<Refusal> refusal_;
  uint64_t length_ = 0;
  // Of an absolute target.
  std::string_view authority_;
  bool has_host_ = false;
  bool has_length_ = false;
  bool has_encoding_ = false;
  bool chunked_ = false;
  bool close_ = false;
  bool keep_ = false;
  bool keep_alive_ = true;
  bool gzip_ = false;
  bool wants_continue_ = false;
  bool whole_server_ = false;
};

}  // namespace tokenbroker::http
