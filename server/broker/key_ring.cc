#include "server/broker/key_ring.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/file.h"
#include "base/random.h"
#include "base/status_macros.h"
#include "nlohmann/json.hpp"

namespace tokenbroker::broker {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxFileBytes = 1 << 20;

absl::Status Bad(std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("token keys: ", absl::string_view(what.data(), what.size())));
}

absl::StatusOr<TokenKey> ParseKey(const Json& json) {
  if (!json.is_object() || !json.contains("id") || !json.contains("secret")) return Bad("each key needs id and secret");
  if (!json["id"].is_number_integer() || !json["secret"].is_string()) return Bad("id is a number, secret a string");
  const int64_t id = json["id"].get<int64_t>();
  const std::string& secret = json["secret"].get_ref<const std::string&>();
  if (id < 1 || id > 255) return Bad("id must be 1 to 255");
  const bool hex = secret.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
  if (secret.size() != 64 || !hex) return Bad("secret must be 64 hexadecimal digits");
  TokenKey key{static_cast<uint8_t>(id)};
  const std::string bytes = absl::HexStringToBytes(secret);
  std::memcpy(key.secret.data(), bytes.data(), key.secret.size());
  return key;
}

absl::Status Failed(const char* doing, const std::string& path, absl::string_view why) {
  return absl::InternalError(absl::StrCat(doing, " ", path, ": ", why));
}

absl::Status Errno(const char* doing, const std::string& path) { return Failed(doing, path, std::strerror(errno)); }

absl::Status CreateFile(const std::string& path) {
  TB_ASSIGN_OR_RETURN(const std::string secret, RandomBytes(TokenKey().secret.size()));
  const Json file = {{"keys",
                      {{{"id", 1},
                        {"secret", absl::BytesToHexString(secret)},
                        {"created", absl::FormatTime(absl::RFC3339_sec, absl::Now(), absl::UTCTimeZone())}}}}};
  const absl::Status status = ReplaceFile(path, file.dump(2) + "\n", 0600);
  return status.ok() ? status : Failed("writing", path, status.message());
}

absl::StatusOr<std::string> ReadPrivateFile(int fd, const std::string& path) {
  struct stat info;
  if (fstat(fd, &info) != 0) return Errno("reading", path);
  if (info.st_mode & 077) return Bad(path + " may be read by others than its owner: chmod 600 it");
  absl::StatusOr<std::string> text = ReadAll(fd, kMaxFileBytes);
  if (!text.ok()) return Failed("reading", path, text.status().message());
  return text;
}

}  // namespace

absl::StatusOr<KeyRing> KeyRing::Create(std::vector<TokenKey> keys) {
  if (keys.empty()) return Bad("there must be at least one");
  for (size_t i = 0; i < keys.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (keys[i].id == keys[j].id) return Bad(absl::StrCat("id ", keys[i].id, " stands twice"));
    }
  }
  return KeyRing(std::move(keys));
}

absl::StatusOr<KeyRing> KeyRing::Parse(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("keys") || !json["keys"].is_array()) {
    return Bad("the file must be a JSON object with an array \"keys\"");
  }
  std::vector<TokenKey> keys;
  for (const Json& item : json["keys"]) {
    TB_ASSIGN_OR_RETURN(TokenKey key, ParseKey(item));
    keys.push_back(key);
  }
  return Create(std::move(keys));
}

absl::StatusOr<KeyRing> KeyRing::Make(const std::string& path) {
  TB_RETURN_IF_ERROR(CreateFile(path));
  return Load(path);
}

absl::StatusOr<KeyRing> KeyRing::Load(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return absl::NotFoundError(absl::StrCat("token keys: there is no file ", path));
  if (fd < 0) return Errno("opening", path);
  absl::StatusOr<std::string> text = ReadPrivateFile(fd, path);
  close(fd);
  TB_RETURN_IF_ERROR(text.status());
  absl::StatusOr<KeyRing> ring = Parse(*text);
  if (ring.ok()) return ring;
  return absl::Status(ring.status().code(), absl::StrCat(path, ": ", ring.status().message()));
}

const TokenKey* KeyRing::Find(uint8_t id) const {
  for (const TokenKey& key : keys_) {
    if (key.id == id) return &key;
  }
  return nullptr;
}

}  // namespace tokenbroker::broker
