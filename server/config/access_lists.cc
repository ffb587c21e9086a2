#include "server/config/access_lists.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/suggestion.h"
#include "base/text.h"
#include "server/config/values.h"

namespace tokenbroker {
namespace {

constexpr std::pair<const char*, Right> kRights[] = {
    {"issue", kIssue}, {"resolve", kResolve}, {"read", kRead}, {"administer", kAdminister}};

// Reads one list; `setting` is its name.
class ListReader {
 public:
  ListReader(const char* setting, const std::string& source, std::vector<std::string>& errors)
      : setting_(setting), source_(source), errors_(errors) {}

  void Error(const YamlNode& at, const std::string& what) {
    errors_.push_back(absl::StrCat(setting_, ": ", what, " (", source_, ":", at.Place(), ")"));
  }

  // The items that are maps with all of these keys, and perhaps some of the `optional` ones.
  std::vector<const YamlNode*> Items(const YamlNode& list, const std::vector<std::string>& keys,
                                     const std::vector<std::string>& optional = {}) {
    std::vector<const YamlNode*> good;
    if (list.kind == YamlNode::Kind::kNull) return good;
    if (list.kind != YamlNode::Kind::kList) {
      Error(list, "must be a list");
      return good;
    }
    for (const YamlNode& item : list.items) {
      if (HasKeys(item, keys, optional)) good.push_back(&item);
    }
    return good;
  }

  // nullptr if there is none.
  static const YamlNode* Find(const YamlNode& map, const std::string& key) {
    const auto found = std::find_if(map.members.begin(), map.members.end(),
                                    [&](const YamlMember& member) { return member.key == key; });
    return found == map.members.end() ? nullptr : &found->value;
  }
  static const YamlNode& Member(const YamlNode& map, const std::string& key) { return *Find(map, key); }

  std::string Text(const YamlNode& item, const std::string& key) {
    const YamlNode& node = Member(item, key);
    if (node.kind != YamlNode::Kind::kScalar) Error(node, absl::StrCat("'", key, "' must be a text"));
    return node.scalar;
  }

  // "<key>_file" or "<key>_variable".
  SecretSource Secret(const YamlNode& item, const std::string& key, bool required) {
    SecretSource source;
    const std::string file = key + "_file", variable = key + "_variable";
    const bool in_file = Find(item, file) != nullptr, in_variable = Find(item, variable) != nullptr;
    if (in_file) source.file = Text(item, file);
    if (in_variable) source.variable = Text(item, variable);
    if ((in_file && in_variable) || (required && !in_file && !in_variable)) {
      Error(item, absl::StrCat("set one of '", file, "' and '", variable, "'"));
    } else if (in_file && (source.file.empty() || HasControlCharacters(source.file))) {
      Error(item, absl::StrCat("'", file, "' must be a path"));
    } else if (in_variable && !IsVariable(source.variable)) {
      Error(item, absl::StrCat("'", variable, "' must be the name of an environment variable, [A-Za-z_][A-Za-z0-9_]*, ",
                               "and not begin with TOKENBROKER_, as settings do"));
    }
    return source;
  }

  NamespaceRights Namespaces(const YamlNode& item) {
    NamespaceRights result;
    const YamlNode& map = Member(item, "namespaces");
    if (map.kind != YamlNode::Kind::kMap || map.members.empty()) {
      Error(map, "'namespaces' must map namespaces, or \"*\", to lists of rights");
      return result;
    }
    for (const auto& [name, rights] : map.members) {
      if (name != "*" && !IsName(name)) {
        Error(rights, absl::StrCat("'", name, "' is neither \"*\" nor a namespace: ", kNameRule));
      }
      result[name] = RightsIn(rights);
    }
    return result;
  }

 private:
  bool HasKeys(const YamlNode& item, const std::vector<std::string>& keys, const std::vector<std::string>& optional) {
    if (item.kind != YamlNode::Kind::kMap) {
      Error(item, absl::StrCat("each item must be a map with '", keys.front(), "' and 'namespaces'"));
      return false;
    }
    bool good = true;
    std::set<std::string> missing(keys.begin(), keys.end());
    for (const auto& [key, value] : item.members) {
      if (missing.erase(key) > 0 || std::find(optional.begin(), optional.end(), key) != optional.end()) continue;
      std::vector<std::string> known = keys;
      known.insert(known.end(), optional.begin(), optional.end());
      Error(value, absl::StrCat("unknown key '", key, "'", Suggestion(key, known)));
      good = false;
    }
    for (const std::string& key : missing) Error(item, absl::StrCat("'", key, "' is missing"));
    return good && missing.empty();
  }

  Rights RightsIn(const YamlNode& list) {
    Rights rights = 0;
    if (list.kind != YamlNode::Kind::kList || list.items.empty()) {
      Error(list, "rights must be a list of issue, resolve, read, administer");
      return rights;
    }
    for (const YamlNode& item : list.items) {
      const auto* found = std::find_if(std::begin(kRights), std::end(kRights),
                                       [&](const auto& known) { return item.scalar == known.first; });
      if (found == std::end(kRights)) {
        Error(item, absl::StrCat("'", item.scalar, "' is no right: must be issue, resolve, read or administer"));
      } else {
        rights |= found->second;
      }
    }
    return rights;
  }

  static bool IsVariable(const std::string& name) {
    return !name.empty() && !absl::ascii_isdigit(name[0]) && name.rfind("TOKENBROKER_", 0) != 0 &&
           std::all_of(name.begin(), name.end(), [](char c) { return absl::ascii_isalnum(c) || c == '_'; });
  }

  const char* const setting_;
  const std::string& source_;
  std::vector<std::string>& errors_;
};

bool IsKeyId(const std::string& id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
  });
}

bool ReadSha256(const std::string& hex, std::array<uint8_t, 32>& out) {
  if (hex.size() != 64 || !std::all_of(hex.begin(), hex.end(), absl::ascii_isxdigit)) return false;
  const std::string bytes = absl::HexStringToBytes(hex);
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return true;
}

}  // namespace

std::vector<ApiKey> ReadApiKeys(const YamlNode& node, const std::string& source, std::vector<std::string>& errors) {
  ListReader reader("auth.keys", source, errors);
  std::vector<ApiKey> keys;
  std::set<std::string> ids;
  std::set<std::array<uint8_t, 32>> hashes;
  for (const YamlNode* item : reader.Items(node, {"id", "sha256", "namespaces"})) {
    ApiKey key;
    key.id = reader.Text(*item, "id");
    if (!IsKeyId(key.id)) reader.Error(*item, "'id' must be 1 to 64 characters of [A-Za-z0-9-_.]");
    if (!ids.insert(key.id).second) reader.Error(*item, absl::StrCat("the id '", key.id, "' is there twice"));
    if (!ReadSha256(reader.Text(*item, "sha256"), key.sha256)) {
      reader.Error(*item, "'sha256' must be 64 hexadecimal digits: the SHA-256 of the key, not the key");
    }
    if (!hashes.insert(key.sha256).second) {
      reader.Error(*item,
                   absl::StrCat("the key of '", key.id, "' is another one's, too: callers could not be told apart"));
    }
    key.namespaces = reader.Namespaces(*item);
    keys.push_back(std::move(key));
  }
  return keys;
}

std::vector<CertificateHolder> ReadCertificates(const YamlNode& node, const std::string& source,
                                                std::vector<std::string>& errors) {
  ListReader reader("auth.certificates", source, errors);
  std::vector<CertificateHolder> holders;
  std::set<std::string> names;
  for (const YamlNode* item : reader.Items(node, {"name", "namespaces"})) {
    CertificateHolder holder;
    holder.name = reader.Text(*item, "name");
    if (holder.name.empty() || holder.name.size() > 256 || HasControlCharacters(holder.name)) {
      reader.Error(*item, "'name' must be 1 to 256 bytes without control characters");
    }
    if (!names.insert(holder.name).second) {
      reader.Error(*item, absl::StrCat("the name '", holder.name, "' is there twice"));
    }
    holder.namespaces = reader.Namespaces(*item);
    holders.push_back(std::move(holder));
  }
  return holders;
}

std::vector<AwsKey> ReadAwsKeys(const YamlNode& node, const std::string& source, std::vector<std::string>& errors) {
  ListReader reader("auth.aws_keys", source, errors);
  std::vector<AwsKey> keys;
  std::set<std::string> ids;
  const std::vector<std::string> secrets = {"secret_file", "secret_variable", "session_token_file",
                                            "session_token_variable"};
  for (const YamlNode* item : reader.Items(node, {"access_key_id", "namespaces"}, secrets)) {
    AwsKey key;
    key.access_key_id = reader.Text(*item, "access_key_id");
    if (!IsKeyId(key.access_key_id)) {
      reader.Error(*item, "'access_key_id' must be 1 to 64 characters of [A-Za-z0-9-_.]");
    }
    if (!ids.insert(key.access_key_id).second) {
      reader.Error(*item, absl::StrCat("the access_key_id '", key.access_key_id, "' is there twice"));
    }
    key.secret = reader.Secret(*item, "secret", true);
    key.session_token = reader.Secret(*item, "session_token", false);
    key.namespaces = reader.Namespaces(*item);
    keys.push_back(std::move(key));
  }
  return keys;
}

std::vector<std::string> RightNames(Rights rights) {
  std::vector<std::string> names;
  for (const auto& [name, right] : kRights) {
    if (rights & right) names.push_back(name);
  }
  return names;
}

}  // namespace tokenbroker
