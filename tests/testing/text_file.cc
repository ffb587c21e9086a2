#include "tests/testing/text_file.h"

#include <fstream>
#include <sstream>

namespace tokenbroker::testing {

std::string ReadFileOr(const std::string& path, const std::string& otherwise) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return otherwise;
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::string TailOf(const std::string& path, size_t bytes) {
  const std::string text = ReadFileOr(path, "");
  return text.size() <= bytes ? text : text.substr(text.size() - bytes);
}

}  // namespace tokenbroker::testing
