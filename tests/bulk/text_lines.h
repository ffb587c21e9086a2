// Lines of a text, for what reads a LineSource.
#pragma once

#include <string>
#include <utility>

#include "bulk/line_reader.h"

namespace tokenbroker::bulk {

class TextLines : public LineSource {
 public:
  explicit TextLines(std::string text) : text_(std::move(text)) {}

  absl::StatusOr<Next> Read(std::string& line, bool) override {
    if (at_ == text_.size()) return Next::kEnd;
    const size_t end = std::min(text_.find('\n', at_), text_.size());
    line = text_.substr(at_, end - at_);
    at_ = std::min(end + 1, text_.size());
    return Next::kLine;
  }

 private:
  const std::string text_;
  size_t at_ = 0;
};

}  // namespace tokenbroker::bulk
