// A message's bytes, in which some texts are replaced again and again by others of the same length.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/message_lite.h"

namespace tokenbroker::benchmarks {

class PatchedMessage {
 public:
  // `texts` stand in the message in this order.
  void Build(const google::protobuf::MessageLite& message, const std::vector<std::string>& texts) {
    message.SerializeToString(&bytes_);
    places_.clear();
    size_t from = 0;
    for (const std::string& text : texts) {
      places_.push_back(bytes_.find(text, from));
      from = places_.back() + text.size();
    }
  }
  // As long as the text that the message was built with.
  void Replace(size_t index, std::string_view text) {
    std::copy(text.begin(), text.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(places_[index]));
  }

  size_t texts() const { return places_.size(); }
  std::string_view bytes() const { return bytes_; }

 private:
  std::string bytes_;
  std::vector<size_t> places_;
};

inline std::string_view MessageOf(const PatchedMessage& message) { return message.bytes(); }

}  // namespace tokenbroker::benchmarks
