// The document that the server serves: whole, and true of the server.
#include "server/rest/openapi.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "base/percent.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "json/json_reader.h"
#include "server/calls/validate.h"
#include "server/rest/bind.h"
#include "server/rest/error_body.h"
#include "server/rest/route_table.h"
#include "tests/json/contract_messages.h"
#include "tokenbroker/v1/errors.pb.h"

namespace tokenbroker::rest {
namespace {

using Json = nlohmann::ordered_json;

const Json& Document() {
  static const auto* const document = new Json(Json::parse(OpenApiDocument()));
  return *document;
}

const RouteTable& Table() {
  static const auto* const table = new absl::StatusOr<RouteTable>(ContractRoutes());
  return table->value();
}

// Follows a "$ref" within the document, if it is one.
const Json& Resolved(const Json& value) {
  if (!value.is_object() || !value.contains("$ref")) return value;
  return Document().at(Json::json_pointer(value["$ref"].get<std::string>().substr(1)));
}

struct Operation {
  std::string path;
  std::string method;
  Json content;
};

std::vector<Operation> Operations() {
  std::vector<Operation> operations;
  for (const auto& [path, item] : Document()["paths"].items()) {
    for (const auto& [method, content] : item.items()) {
      std::string upper = method;
      for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      operations.push_back({path, upper, content});
    }
  }
  return operations;
}

std::vector<Json> Parameters(const Operation& operation, const std::string& in) {
  std::vector<Json> parameters;
  for (const Json& parameter : operation.content.value("parameters", Json::array())) {
    if (Resolved(parameter)["in"] == in) parameters.push_back(Resolved(parameter));
  }
  return parameters;
}

std::string TextOf(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

// As a client would make it of the parameters' examples.
std::string ExamplePath(const Operation& operation) {
  std::string path = operation.path;
  for (const Json& parameter : Parameters(operation, "path")) {
    const std::string variable = "{" + parameter["name"].get<std::string>() + "}";
    path.replace(path.find(variable), variable.size(), PercentEncoded(TextOf(parameter["example"])));
  }
  return path;
}

std::string ExampleQuery(const Operation& operation) {
  std::string query;
  const auto add = [&](const std::string& name, const Json& value) {
    query += (query.empty() ? "" : "&") + PercentEncoded(name) + "=" + PercentEncoded(TextOf(value));
  };
  for (const Json& parameter : Parameters(operation, "query")) {
    const std::string name = parameter["name"];
    const Json& example = parameter["example"];
    if (example.is_object()) {
      for (const auto& [key, value] : example.items()) add(name + "[" + key + "]", value);
    } else if (example.is_array()) {
      for (const Json& value : example) add(name, value);
    } else {
      add(name, example);
    }
  }
  return query;
}

const Json& OnlyContent(const Json& holder) {
  EXPECT_EQ(holder["content"].size(), 1u);
  return holder["content"].front();
}

TEST(OpenApi, IsOfVersion31) {
  EXPECT_EQ(Document()["openapi"], "3.1.0");
  for (const char* part : {"info", "paths", "components", "tags", "security"})
    EXPECT_TRUE(Document().contains(part)) << part;
}

TEST(OpenApi, HasOneOperationForEachRoute) {
  std::set<const Route*> described;
  for (const Operation& operation : Operations()) {
    const Found found = Table().Find(operation.method, ExamplePath(operation));
    ASSERT_NE(found.route, nullptr) << operation.method << " " << operation.path;
    EXPECT_TRUE(described.insert(found.route).second) << operation.path;
  }
  EXPECT_EQ(described.size(), Table().routes().size());
}

TEST(OpenApi, SaysWhatEachOperationDoes) {
  std::set<std::string> ids;
  for (const Operation& operation : Operations()) {
    EXPECT_TRUE(ids.insert(operation.content["operationId"]).second) << operation.path;
    EXPECT_GT(operation.content["summary"].get<std::string>().size(), 10u) << operation.path;
    EXPECT_GE(operation.content["description"].get<std::string>().size(),
              operation.content["summary"].get<std::string>().size());
    for (const char* status : {"200", "401", "500", "default"}) {
      EXPECT_TRUE(operation.content["responses"].contains(status)) << operation.path << " " << status;
    }
    // Whatever takes something may be given something bad.
    const bool takes_nothing = operation.path == "/v1/status";
    EXPECT_EQ(operation.content["responses"].contains("400"), !takes_nothing) << operation.path;
  }
}

TEST(OpenApi, DeclaresTheVariablesOfEachPath) {
  const std::regex variable(R"(\{([^}]+)\})");
  for (const Operation& operation : Operations()) {
    std::set<std::string> in_path, declared;
    for (std::sregex_iterator at(operation.path.begin(), operation.path.end(), variable), end; at != end; ++at) {
      in_path.insert((*at)[1]);
    }
    for (const Json& parameter : Parameters(operation, "path")) {
      declared.insert(parameter["name"]);
      EXPECT_EQ(parameter["required"], true);
    }
    EXPECT_EQ(in_path, declared) << operation.path;
  }
}

void ExpectRefsToResolve(const Json& value) {
  if (value.is_object() && value.contains("$ref")) {
    EXPECT_NO_THROW(Resolved(value)) << value;
    return;
  }
  if (!value.is_structured()) return;
  for (const Json& part : value) ExpectRefsToResolve(part);
}

TEST(OpenApi, RefersToWhatIsThere) { ExpectRefsToResolve(Document()); }

void ExpectSchema(const Json& schema, const std::string& where) {
  if (schema.contains("$ref")) return;
  const bool known =
      schema.contains("type") || schema.contains("anyOf") || schema.contains("allOf") || schema.contains("const");
  EXPECT_TRUE(known) << where << schema;
  for (const std::string& name : schema.value("required", std::vector<std::string>())) {
    EXPECT_TRUE(schema["properties"].contains(name)) << where << " " << name;
  }
  const Json properties = schema.value("properties", Json::object());
  for (const auto& [name, property] : properties.items()) ExpectSchema(property, where + "." + name);
  if (schema.value("type", "") == "array") ExpectSchema(schema.at("items"), where + "[]");
  for (const char* several : {"anyOf", "allOf"}) {
    for (const Json& one : schema.value(several, Json::array())) ExpectSchema(one, where);
  }
}

TEST(OpenApi, HasSoundSchemas) {
  for (const auto& [name, schema] : Document()["components"]["schemas"].items()) ExpectSchema(schema, name);
}

TEST(OpenApi, DoesNotAskForInTheBodyWhatThePathGives) {
  const Json& body = Document()["components"]["schemas"]["SucceedRequest.Body"];
  EXPECT_EQ(body["required"], Json({"output"}));
  EXPECT_EQ(Document()["components"]["schemas"]["SucceedRequest"]["required"], Json({"task", "output"}));
  EXPECT_EQ(body["additionalProperties"], false);
}

TEST(OpenApi, RequestExamplesAreAccepted) {
  for (const Operation& operation : Operations()) {
    SCOPED_TRACE(operation.method + " " + operation.path);
    const std::string path = ExamplePath(operation);
    const Found found = Table().Find(operation.method, path);
    ASSERT_NE(found.route, nullptr);
    std::string body;
    if (operation.content.contains("requestBody"))
      body = OnlyContent(operation.content["requestBody"])["example"].dump();
    const auto request = NewMessage(*found.route->method->input_type());
    const absl::Status status = Bind(found, ExampleQuery(operation), body, *request);
    EXPECT_TRUE(status.ok()) << status << "\n" << ExampleQuery(operation) << "\n" << body;
    for (const Json& header : Parameters(operation, "header")) {
      EXPECT_EQ(header["name"], "Idempotency-Key");
      EXPECT_NE(request->GetDescriptor()->FindFieldByName("request_id"), nullptr);
    }
  }
}

// What is wrong with a request as its call sees it, if it is a Request.
template <typename Request>
std::string RuleBroken(const google::protobuf::Message& message) {
  const auto* const request = dynamic_cast<const Request*>(&message);
  if (request == nullptr) return "";
  if constexpr (requires { calls::Validate(*request, calls::InputLimits()); }) {
    return calls::Validate(*request, calls::InputLimits()).message;
  } else {
    return calls::Validate(*request).message;
  }
}

template <typename... Requests>
std::string RuleBrokenByOneOf(const google::protobuf::Message& message) {
  return (RuleBroken<Requests>(message) + ...);
}

TEST(OpenApi, RequestExamplesKeepTheRules) {
  for (const Operation& operation : Operations()) {
    const std::string path = ExamplePath(operation);
    const Found found = Table().Find(operation.method, path);
    std::string body;
    if (operation.content.contains("requestBody"))
      body = OnlyContent(operation.content["requestBody"])["example"].dump();
    const auto request = NewMessage(*found.route->method->input_type());
    ASSERT_TRUE(Bind(found, ExampleQuery(operation), body, *request).ok());
    const std::string broken =
        RuleBrokenByOneOf<v1::HeartbeatRequest, v1::SucceedRequest, v1::FailRequest, v1::PeekTaskRequest,
                          v1::IssueTaskRequest, v1::GetTaskRequest, v1::BatchGetTasksRequest, v1::ListTasksRequest,
                          v1::CancelTaskRequest, v1::ExtendDeadlineRequest, v1::AwaitTaskRequest,
                          v1::WatchTasksRequest>(*request);
    EXPECT_EQ(broken, "") << operation.path << "\n" << body;
  }
}

TEST(OpenApi, AnswerExamplesAreAnswers) {
  for (const Operation& operation : Operations()) {
    const Found found = Table().Find(operation.method, ExamplePath(operation));
    const auto answer = NewMessage(*found.route->method->output_type());
    const std::string example = OnlyContent(operation.content["responses"]["200"])["example"].dump();
    const absl::Status status = json::ReadJson(example, *answer);
    EXPECT_TRUE(status.ok()) << operation.path << ": " << status << "\n" << example;
  }
}

TEST(OpenApi, NamesTheFormsOfStreams) {
  const auto& paths = Document()["paths"];
  EXPECT_TRUE(paths["/v1/namespaces/{namespace}/tasks:watch"]["get"]["responses"]["200"]["content"].contains(
      "text/event-stream"));
  const Json& stream = paths["/v1/settlements:stream"]["post"];
  EXPECT_TRUE(stream["requestBody"]["content"].contains("application/x-ndjson"));
  EXPECT_TRUE(stream["responses"]["200"]["content"].contains("application/x-ndjson"));
}

// What an error's body says in its details, as a google.rpc.Status.
google::rpc::Status StatusOf(const Json& error) {
  google::rpc::Status status;
  const absl::Status read = json::ReadJson(Json({{"details", error["details"]}}).dump(), status);
  EXPECT_TRUE(read.ok()) << read;
  return status;
}

TEST(OpenApi, HasAnExampleOfEveryReason) {
  const Json& examples = Document()["components"]["examples"];
  for (int i = 1; i < v1::ErrorReason_descriptor()->value_count(); ++i) {
    const std::string reason = v1::ErrorReason_descriptor()->value(i)->name().substr(sizeof("ERROR_REASON_") - 1);
    ASSERT_TRUE(examples.contains(reason)) << reason;
    const Json& error = examples[reason]["value"]["error"];
    google::rpc::ErrorInfo info;
    ASSERT_TRUE(StatusOf(error).details(0).UnpackTo(&info)) << reason;
    EXPECT_EQ(info.reason(), reason);
    EXPECT_NE(error["status"], "UNKNOWN") << reason << ": its comment in errors.proto begins with no code";
  }
}

TEST(OpenApi, ErrorsStandUnderTheirHttpStatus) {
  for (const Operation& operation : Operations()) {
    for (const auto& [status, response] : operation.content["responses"].items()) {
      if (status == "200" || status == "default") continue;
      for (const auto& [reason, example] : OnlyContent(response)["examples"].items()) {
        EXPECT_EQ(std::to_string(Resolved(example)["value"]["error"]["code"].get<int>()), status)
            << operation.path << " " << reason;
      }
    }
  }
}

}  // namespace
}  // namespace tokenbroker::rest
