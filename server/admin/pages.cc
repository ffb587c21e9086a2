#include "server/admin/pages.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace tokenbroker {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kIndex[] =
    "Task Token Broker, admin port\n\n"
    "/livez            alive\n"
    "/readyz?verbose   ready for callers, and if not, why\n"
    "/metrics          for Prometheus\n"
    "/version          what runs here\n";

AdminPage JsonPage(int status, const Json& json) {
  // Reasons may quote the machine's messages; those are not always UTF-8.
  return {status, "application/json", json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"};
}

AdminPage TextPage(int status, std::string body) { return {status, "text/plain; charset=utf-8", std::move(body)}; }

bool IsVerbose(std::string_view query) { return query == "verbose" || query.substr(0, 8) == "verbose="; }

AdminPage Readiness(const AdminHandlers& handlers, bool verbose) {
  const std::vector<ReadinessCheck> checks = handlers.ready();
  const bool ready =
      std::all_of(checks.begin(), checks.end(), [](const ReadinessCheck& check) { return check.passed; });
  Json json = {{"ready", ready}};
  Json& shown = json["checks"] = Json::array();
  for (const ReadinessCheck& check : checks) {
    Json entry = {{"name", check.name}, {"passed", check.passed}};
    // Why not is always told; ?verbose tells what is known about the rest, too.
    if (!check.reason.empty() && (verbose || !check.passed)) entry["reason"] = check.reason;
    shown.push_back(std::move(entry));
  }
  return JsonPage(ready ? 200 : 503, json);
}

}  // namespace

AdminPage AnswerAdminRequest(const AdminHandlers& handlers, std::string_view target, std::string_view accept) {
  const size_t mark = target.find('?');
  const std::string_view path = target.substr(0, mark);
  const std::string_view query = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  if (path == "/livez") return TextPage(200, "ok\n");
  if (path == "/readyz") return Readiness(handlers, IsVerbose(query));
  if (path == "/version") return JsonPage(200, {{"name", "tokenbroker"}, {"version", handlers.version}});
  if (path == "/") return TextPage(200, kIndex);
  if (path == "/metrics") {
    const Exposition exposition = ExpositionFor(accept);
    return {200, ContentType(exposition), handlers.metrics(exposition)};
  }
  return TextPage(404, "not here; / lists what is\n");
}

}  // namespace tokenbroker
