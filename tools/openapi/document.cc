#include "tools/openapi/document.h"

#include <cstdio>
#include <cstdlib>
#include <map>

#include "tools/openapi/comments.h"
#include "tools/openapi/errors.h"
#include "tools/openapi/operations.h"
#include "tools/openapi/schemas.h"

namespace tokenbroker::openapi {
namespace {

constexpr char kDescription[] =
    "Issues, keeps and resolves task tokens: proofs of the right to say what came of one task that somebody waits "
    "for.\n\n"
    "Bodies are proto3 JSON: unknown fields, names given twice and values of the wrong type are refused by name; "
    "fields with "
    "their default value are left out of answers, but for an answer's own lists. 64-bit numbers are strings. JSON that "
    "the "
    "broker keeps for others (`input`, `output`, `progress`) travels as text, in a string.\n\n"
    "A verb may also stand behind a slash: `/v1/tasks/{taskId}/succeed`.";

Json Tags(const Contract& contract) {
  Json tags = Json::array();
  for (const auto* service : contract.services)
    tags.push_back({{"name", service->name()}, {"description", CommentOf(*service)}});
  return tags;
}

Json Parameters() {
  return {{"IdempotencyKey",
           {{"name", "Idempotency-Key"},
            {"in", "header"},
            {"required", false},
            {"description", "The same as `requestId` in the body; if both are given, they must be equal."},
            {"schema", {{"type", "string"}, {"maxLength", 128}}},
            {"example", "decision-4711-1"}}}};
}

Json SecuritySchemes() {
  return {{"apiKey",
           {{"type", "http"}, {"scheme", "bearer"}, {"description", "An API key of the broker's configuration."}}}};
}

rest::RouteTable RoutesOf(const Contract& contract) {
  absl::StatusOr<rest::RouteTable> table = rest::RouteTable::Make(contract.services);
  if (table.ok()) return *std::move(table);
  std::fprintf(stderr, "openapi: %s\n", std::string(table.status().message()).c_str());
  std::exit(1);
}

}  // namespace

Json MakeDocument(const Contract& contract, const std::string& version) {
  Schemas schemas(contract);
  Errors errors(contract, schemas);
  Operations operations(contract, schemas, errors);
  const rest::RouteTable table = RoutesOf(contract);
  Json paths = Json::object();
  std::map<const google::protobuf::MethodDescriptor*, const rest::Route*> first;
  for (const auto& route : table.routes()) {
    const rest::Route& plain = *first.emplace(route->method, route.get()).first->second;
    std::string method = route->http_method;
    for (char& c : method) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    paths[PathOf(*route)][method] = operations.Of(*route, plain);
  }
  return {{"openapi", "3.1.0"},
          {"info", {{"title", "Task Token Broker"}, {"version", version}, {"description", kDescription}}},
          {"servers", {{{"url", "/"}, {"description", "The broker that serves this document."}}}},
          // A caller with nothing but a token needs no key.
          {"security", {{{"apiKey", Json::array()}}, Json::object()}},
          {"tags", Tags(contract)},
          {"paths", std::move(paths)},
          {"components",
           {{"schemas", schemas.All()},
            {"parameters", Parameters()},
            {"examples", errors.Examples()},
            {"securitySchemes", SecuritySchemes()}}}};
}

}  // namespace tokenbroker::openapi
