#include "base/random.h"

#include <sys/random.h>

#include <cerrno>
#include <random>

namespace tokenbroker {

absl::StatusOr<std::string> RandomBytes(size_t size) {
  std::string bytes(size, '\0');
  for (size_t filled = 0; filled < size;) {
    const ssize_t got = getrandom(bytes.data() + filled, size - filled, 0);
    if (got > 0) {
      filled += got;
    } else if (errno != EINTR) {
      return absl::UnavailableError("the system gives no random numbers");
    }
  }
  return bytes;
}

double RandomFraction() {
  thread_local std::mt19937_64 generator{std::random_device()()};
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

}  // namespace tokenbroker
