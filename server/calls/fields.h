// The rules of single fields, checked one after the other; the first broken one is the answer.
//
//   Fields fields;
//   fields.Name("namespace", request.namespace_());
//   fields.Bytes("request_id", request.request_id(), 128);
//   return fields.refusal();
//
// Messages name the field, the rule and the limit, and never quote a value. That texts are UTF-8 is known: a message
// with a text that is not does not parse.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "google/protobuf/duration.pb.h"
#include "server/broker/reason.h"

namespace tokenbroker::calls {

class Fields {
 public:
  // `prefix` stands before every field's name: "settlement.".
  explicit Fields(std::string_view prefix = {}) : prefix_(prefix) {}

  bool broken() const { return static_cast<bool>(refusal_); }
  broker::Refusal& refusal() { return refusal_; }

  // Refuses unless `holds`.
  void Require(bool holds, std::string_view field, std::string_view rule);

  void NotEmpty(std::string_view field, std::string_view text);
  // At most `max` bytes.
  void Bytes(std::string_view field, std::string_view text, size_t max);
  void NoControlCharacters(std::string_view field, std::string_view text);
  // 1 to 64 characters of [a-z0-9-_.], starting with a letter or digit.
  void Name(std::string_view field, std::string_view text);
  // One JSON value of at most `max` bytes.
  void Json(std::string_view field, std::string_view text, size_t max);
  // At least `min` as it is, and at most `max` once rounded up to milliseconds.
  void Duration(std::string_view field, const google::protobuf::Duration& duration, DurationMs min, DurationMs max);
  void Items(std::string_view field, int count, int max);

 private:
  std::string prefix_;
  broker::Refusal refusal_;
};

}  // namespace tokenbroker::calls
