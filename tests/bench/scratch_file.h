// A file to measure the disk with; removed at the end.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

namespace tokenbroker::benchmarks {

class ScratchFile {
 public:
  explicit ScratchFile(const std::string& path)
      : path_(path), descriptor_(open(path.c_str(), O_CREAT | O_RDWR | O_TRUNC, 0600)) {
    if (descriptor_ < 0) throw std::runtime_error("cannot make " + path);
  }
  ~ScratchFile() {
    close(descriptor_);
    unlink(path_.c_str());
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  int descriptor() const { return descriptor_; }
  // Appends and waits for the disk.
  void Sync(const std::string& data) {
    const auto size = static_cast<ssize_t>(data.size());
    if (write(descriptor_, data.data(), data.size()) != size || fdatasync(descriptor_) != 0) {
      throw std::runtime_error("writing " + path_ + " failed");
    }
  }

 private:
  const std::string path_;
  const int descriptor_;
};

}  // namespace tokenbroker::benchmarks
