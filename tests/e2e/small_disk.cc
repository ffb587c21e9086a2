#include "tests/e2e/small_disk.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"

namespace tokenbroker::testing {

SmallDisk::SmallDisk(std::string folder, uint64_t mebibytes) : folder_(std::move(folder)) {
  if (::geteuid() != 0) return;
  std::filesystem::create_directories(folder_);
  const std::string options = absl::StrCat("size=", mebibytes, "m,mode=0700");
  mounted_ = ::mount("tmpfs", folder_.c_str(), "tmpfs", 0, options.c_str()) == 0;
}

SmallDisk::~SmallDisk() {
  if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
}

uint64_t SmallDisk::FreeBytes() const {
  struct statvfs info {};
  ::statvfs(folder_.c_str(), &info);
  return info.f_bavail * info.f_frsize;
}

void SmallDisk::FillUp(uint64_t rest_bytes) const {
  const uint64_t free = FreeBytes();
  if (free <= rest_bytes) return;
  const int file = ::open(Ballast().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  ::posix_fallocate(file, 0, static_cast<off_t>(free - rest_bytes));
  ::close(file);
}

void SmallDisk::MakeRoom() const { std::filesystem::remove(Ballast()); }

}  // namespace tokenbroker::testing
