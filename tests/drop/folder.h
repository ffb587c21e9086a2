// A folder for one test, with what a test says of files.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace tokenbroker::drop {

class TestFolder {
 public:
  TestFolder() {
    std::string path = ::testing::TempDir() + "/drop-XXXXXX";
    path_ = mkdtemp(path.data());
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }

  const std::string& path() const { return path_; }
  std::string At(const std::string& name) const { return path_ + "/" + name; }

  void Put(const std::string& name, const std::string& text) const { std::ofstream(At(name)) << text; }
  std::string Read(const std::string& name) const {
    std::stringstream text;
    text << std::ifstream(At(name)).rdbuf();
    return text.str();
  }
  bool Has(const std::string& name) const { return std::filesystem::exists(At(name)); }
  // The files in a folder below, sorted; without the lock.
  std::vector<std::string> In(const std::string& folder) const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(At(folder))) {
      const std::string name = entry.path().filename();
      if (entry.is_regular_file() && name != "lock") names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  std::string path_;
};

}  // namespace tokenbroker::drop
