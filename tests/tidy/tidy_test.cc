// What no compiler checks: which folder may include which, and who may look at the clock or sleep.
//
// Folders are layers, arrows point down only:
//
//   base < proto < token < storage < json < bulk < timers, telemetry, config < tls < http, contract < broker < forward
//   < calls < aws, intake, pages < rpc, web, drop, admin < host, the wiring < commands. cli stands beside the server,
//   on base, token, proto and bulk alone; so do rest < tools and wire, which doors use, and sigv4 < outbound <
//   outbound/aws < targets, where outcomes leave
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace tokenbroker {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

struct Layer {
  std::string folder;
  // The folders of ours that it may include, besides itself.
  Names ours;
  // The beginnings of what it may include of others, besides the standard library and Abseil.
  Names others;
};

// The longest folder that fits counts.
const std::vector<Layer> kLayers = {
    {"base", {}, {"simdjson"}},
    {"token", {"base"}, {"openssl/"}},
    {"storage", {"base"}, {}},
    {"storage/memory", {"base", "storage"}, {}},
    {"storage/rocksdb", {"base", "storage"}, {"rocksdb/"}},
    {"server/timers", {"base"}, {}},
    {"server/telemetry", {"base"}, {"sodium"}},
    {"server/config", {"base", "server/telemetry"}, {"yaml-cpp/"}},
    {"server/contract", {"base", "storage"}, {"rapidjson/", "valijson/"}},
    {"server/broker",
     {"base", "storage", "server/contract", "server/timers", "token"},
     {"openssl/", "sodium", "nlohmann/", "boost/sort/"}},
    {"server/forward", {"base", "storage", "server/broker"}, {}},
    {"json", {"base"}, {"google/protobuf/"}},
    {"server/wire", {"base", "json"}, {"google/protobuf/"}},
    {"server/rest", {"base", "json", "tokenbroker", "google/api", "google/rpc"}, {"google/protobuf/"}},
    {"bulk", {"base", "json", "tokenbroker"}, {}},
    {"tools/openapi",
     {"base", "json", "server/rest", "tokenbroker", "google/api", "google/rpc"},
     {"google/protobuf/", "nlohmann/"}},
    {"server/calls",
     {"base", "storage", "server/broker", "server/config", "server/contract", "server/forward", "server/telemetry",
      "tokenbroker", "google/rpc"},
     {"google/protobuf/", "openssl/"}},
    {"server/pages",
     {"base", "json", "token", "storage", "server/broker", "server/calls", "server/http", "server/rest", "google/rpc"},
     {"google/protobuf/", "openssl/", "nlohmann/"}},
    {"server/sigv4", {"base"}, {"openssl/"}},
    {"server/outbound", {"base"}, {"curl/"}},
    {"server/outbound/aws", {"base", "server/outbound", "server/sigv4"}, {"nlohmann/", "openssl/"}},
    {"server/targets",
     {"base", "json", "server/forward", "server/outbound", "server/outbound/aws", "server/sigv4"},
     {"openssl/", "nlohmann/"}},
    {"server/intake",
     {"base", "json", "server/broker", "server/calls", "server/config", "server/outbound", "server/outbound/aws",
      "server/telemetry", "tokenbroker"},
     {"google/protobuf/", "openssl/", "nlohmann/"}},
    {"server/aws",
     {"base", "json", "server/broker", "server/calls", "server/config", "server/sigv4", "tokenbroker"},
     {"openssl/", "google/protobuf/"}},
    {"server/rpc",
     {"base", "server/broker", "server/calls", "server/config", "server/telemetry", "server/tls", "server/wire",
      "tokenbroker", "google/rpc", "grpc"},
     {"grpc", "google/protobuf/"}},
    {"server/tls", {"base", "server/telemetry"}, {"openssl/"}},
    {"server/http",
     {"base", "server/config", "server/telemetry", "server/timers", "server/tls"},
     {"boost/", "openssl/", "zlib.h"}},
    {"server/web",
     {"base", "json", "server/aws", "server/broker", "server/calls", "server/config", "server/http", "server/intake",
      "server/pages", "server/rest", "server/telemetry", "tokenbroker", "google/rpc"},
     {"google/protobuf/"}},
    {"server/drop",
     {"base", "bulk", "server/broker", "server/calls", "server/config", "server/telemetry", "tokenbroker"},
     {"google/protobuf/"}},
    {"server/admin", {"base", "server/http", "server/telemetry"}, {"nlohmann/"}},
    {"server/host",
     {"base",           "storage",        "storage/memory",   "storage/rocksdb", "server/admin",
      "server/aws",     "server/broker",  "server/calls",     "server/config",   "server/drop",
      "server/forward", "server/http",    "server/intake",    "server/outbound", "server/outbound/aws",
      "server/rpc",     "server/targets", "server/telemetry", "server/timers",   "server/tls",
      "server/web"},
     {}},
    {"server/commands", {"base", "storage", "storage/rocksdb", "server/config", "server/host"}, {}},
    {"server", {"server/commands", "server/config", "server/host"}, {}},
    {"cli",
     {"base", "token", "tokenbroker", "google/rpc"},
     {"CLI/", "grpc", "google/protobuf/", "nlohmann/", "openssl/", "yaml-cpp/"}},
    {"cli/bulk",
     {"base", "bulk", "cli", "tokenbroker", "google/rpc"},
     {"CLI/", "grpc", "google/protobuf/", "nlohmann/"}},
    {"cli/commands",
     {"base", "bulk", "cli", "cli/bulk", "cli/run", "tokenbroker", "google/rpc"},
     {"CLI/", "grpc", "google/protobuf/", "nlohmann/"}},
    {"cli/run",
     {"base", "cli", "cli/bulk", "tokenbroker", "google/rpc"},
     {"CLI/", "grpc", "google/protobuf/", "nlohmann/"}},
};

// Libraries that somebody has to be allowed. What is not listed is the system's.
const Names kOthers = {"rocksdb/",  "grpc",      "google/",   "boost/", "openssl/", "sodium",   "rapidjson/",
                       "valijson/", "nlohmann/", "yaml-cpp/", "CLI/",   "curl/",    "simdjson", "zlib.h"};

struct Exception {
  std::string file;
  std::string reason;
};

// What must stand nowhere but in the files that are excepted, and what to do instead.
struct Rule {
  std::regex what;
  std::string instead;
  std::vector<Exception> exceptions;
};

const Rule kLookAtTheClock = {
    std::regex(R"(system_clock::now|absl::Now\(|[^\w.>]time\((nullptr|NULL|0|&)|gettimeofday|clock_gettime)"),
    "take a Clock",
    {
        {"base/system_clock.cc", "is the clock"},
        {"server/broker/key_ring.cc", "writes down when a key was made, for people"},
        {"server/rpc/rpc_server.cc", "gRPC's deadlines are the machine's time"},
        {"cli/", "runs for a moment on its user's machine"},
        {"tests/bench/", "measures"},
        {"tests/e2e/", "runs real processes"},
        {"tests/rpc/", "gRPC's deadlines are the machine's time"},
        {"tests/testing/broker_client.cc", "runs real processes"},
        {"tests/testing/broker_process.cc", "runs real processes"},
        {"tests/tidy/", "names what it looks for"},
    }};

const Rule kSleep = {std::regex(R"(sleep_for|sleep_until|SleepFor\(|[^\w]u?sleep\(|nanosleep)"),
                     "wait for what is to happen instead",
                     {
                         {"base/failpoint.cc", "is told to"},
                         {"server/rpc/rpc_server.cc", "lets callers hear that it drains"},
                         {"cli/waiter.cc", "is the seam behind which the CLI waits"},
                         {"tests/bench/", "measures"},
                         {"tests/crash/", "waits for real processes"},
                         {"tests/e2e/", "waits for real processes"},
                         {"tests/racing/", "waits for real processes"},
                         {"tests/testing/broker_process.cc", "waits for real processes"},
                         {"tests/testing/child_process.cc", "waits for real processes"},
                         {"tests/tidy/", "names what it looks for"},
                     }};

bool StartsWith(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

bool IsExcepted(const std::string& file, const std::vector<Exception>& exceptions) {
  return std::any_of(exceptions.begin(), exceptions.end(),
                     [&](const Exception& each) { return StartsWith(file, each.file); });
}

struct Source {
  std::string file;  // relative to the root
  Names lines;
};

const std::vector<Source>& Sources() {
  static const std::vector<Source>* const sources = [] {
    auto* all = new std::vector<Source>;
    const fs::path root = TB_SOURCES;
    for (const char* part : {"base", "token", "storage", "json", "bulk", "server", "cli", "tools", "tests"}) {
      for (const auto& entry :
           fs::recursive_directory_iterator(root / part, fs::directory_options::follow_directory_symlink)) {
        if (entry.path().extension() != ".cc" && entry.path().extension() != ".h") continue;
        Source source{entry.path().lexically_relative(root).string(), {}};
        std::ifstream file(entry.path());
        for (std::string line; std::getline(file, line);) source.lines.push_back(line);
        all->push_back(std::move(source));
      }
    }
    return all;
  }();
  return *sources;
}

// The folder of the table that a path lies in; empty if in none.
std::string FolderOf(std::string_view path) {
  std::string longest;
  for (const Layer& layer : kLayers) {
    if (StartsWith(path, layer.folder + "/") && layer.folder.size() > longest.size()) longest = layer.folder;
  }
  for (const char* generated : {"tokenbroker", "google/api", "google/rpc"}) {
    if (StartsWith(path, std::string(generated) + "/")) longest = generated;
  }
  return longest;
}

bool MayInclude(const Layer& layer, const std::string& path) {
  const std::string folder = FolderOf(path);
  if (!folder.empty()) return folder == layer.folder || std::count(layer.ours.begin(), layer.ours.end(), folder) > 0;
  const auto begins = [&](const std::string& prefix) { return StartsWith(path, prefix); };
  return std::none_of(kOthers.begin(), kOthers.end(), begins) ||
         std::any_of(layer.others.begin(), layer.others.end(), begins);
}

TEST(Tidy, LayersIncludeOnlyWhatLiesBelowThem) {
  const std::regex include(R"(^\s*#include [<"]([^>"]+)[>"].*)");
  size_t seen = 0;
  for (const Source& source : Sources()) {
    const auto layer = std::find_if(kLayers.begin(), kLayers.end(),
                                    [&](const Layer& each) { return each.folder == FolderOf(source.file); });
    if (layer == kLayers.end()) {
      EXPECT_TRUE(StartsWith(source.file, "tests/")) << source.file << " lies in no layer: give it one above";
      continue;
    }
    for (const std::string& line : source.lines) {
      std::smatch match;
      if (!StartsWith(line, "#include") || !std::regex_match(line, match, include)) continue;
      ++seen;
      EXPECT_TRUE(MayInclude(*layer, match[1].str())) << source.file << " must not include " << match[1];
    }
  }
  EXPECT_GT(seen, 500u) << "the scan looks at nothing";
}

// What stands in comments does not count.
std::string CodeOf(const std::string& line) { return line.substr(0, line.find("//")); }

bool Breaks(const std::string& line, const Rule& rule) { return std::regex_search(CodeOf(line), rule.what); }

void ExpectKept(const Rule& rule) {
  for (const Source& source : Sources()) {
    if (IsExcepted(source.file, rule.exceptions)) continue;
    for (size_t i = 0; i < source.lines.size(); ++i) {
      EXPECT_FALSE(Breaks(source.lines[i], rule)) << source.file << ":" << i + 1 << ": " << rule.instead;
    }
  }
}

TEST(Tidy, NobodyLooksAtTheMachinesClockButThroughAClock) { ExpectKept(kLookAtTheClock); }

TEST(Tidy, NobodySleeps) { ExpectKept(kSleep); }

bool IsNeeded(const Exception& exception, const Rule& rule) {
  return std::any_of(Sources().begin(), Sources().end(), [&](const Source& source) {
    return StartsWith(source.file, exception.file) &&
           std::any_of(source.lines.begin(), source.lines.end(),
                       [&](const std::string& line) { return Breaks(line, rule); });
  });
}

TEST(Tidy, ExceptionsAreStillNeeded) {
  for (const Rule* rule : {&kLookAtTheClock, &kSleep}) {
    for (const Exception& each : rule->exceptions)
      EXPECT_TRUE(IsNeeded(each, *rule)) << each.file << " needs no exception any more";
  }
}

TEST(Tidy, NoFolderIsTwoLayers) {
  std::set<std::string> folders;
  for (const Layer& layer : kLayers) EXPECT_TRUE(folders.insert(layer.folder).second) << layer.folder;
}

TEST(Tidy, EveryLayerIsLookedAt) {
  for (const Layer& layer : kLayers) {
    const auto lies_in = [&](const Source& source) { return FolderOf(source.file) == layer.folder; };
    EXPECT_TRUE(std::any_of(Sources().begin(), Sources().end(), lies_in)) << layer.folder;
  }
}

TEST(Tidy, EveryHeaderIsGuarded) {
  for (const Source& source : Sources()) {
    if (fs::path(source.file).extension() != ".h") continue;
    EXPECT_EQ(std::count(source.lines.begin(), source.lines.end(), "#pragma once"), 1) << source.file;
  }
}

}  // namespace
}  // namespace tokenbroker
