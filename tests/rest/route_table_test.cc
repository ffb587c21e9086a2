// Every call's way over HTTP, taken from the annotations.
#include "server/rest/route_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/percent.h"
#include "google/api/annotations.pb.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/util/message_differencer.h"
#include "json/fault.h"
#include "json/json_writer.h"
#include "server/rest/bind.h"
#include "tests/json/contract_messages.h"

namespace tokenbroker::rest {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using testing::HasSubstr;

const RouteTable& Table() {
  static const auto* const table = new absl::StatusOr<RouteTable>(ContractRoutes());
  return table->value();
}

// The path by which a client would send `message`.
std::string PathFor(const Route& route, const Message& message) {
  std::string path;
  for (const Segment& segment : route.segments) {
    path += '/';
    if (!segment.is_variable()) {
      path += segment.literal;
      continue;
    }
    const Message* parent = &message;
    for (const auto* field : segment.field) {
      if (field == segment.field.back()) break;
      parent = &parent->GetReflection()->GetMessage(*parent, field);
    }
    path += PercentEncoded(parent->GetReflection()->GetString(*parent, segment.field.back()));
  }
  return path + (route.verb.empty() ? "" : ":" + route.verb);
}

void SetVariables(const Route& route, Message& message) {
  for (const Segment& segment : route.segments) {
    if (!segment.is_variable()) continue;
    Message* parent = &message;
    for (const auto* field : segment.field) {
      if (field != segment.field.back()) parent = parent->GetReflection()->MutableMessage(parent, field);
    }
    parent->GetReflection()->SetString(parent, segment.field.back(), "a/b:c d%é?&=+" + segment.field.back()->name());
  }
}

TEST(RouteTable, EveryCallHasARoute) {
  std::set<std::string> reached;
  for (const auto& route : Table().routes()) reached.insert(route->method->full_name());
  for (const auto* service : ContractServices()) {
    for (int i = 0; i < service->method_count(); ++i) {
      // Answers in any order, while deliveries come: nothing that HTTP has a form for.
      if (service->method(i)->name() == "Subscribe") continue;
      EXPECT_EQ(reached.count(service->method(i)->full_name()), 1u) << service->method(i)->full_name();
    }
  }
}

TEST(RouteTable, EveryCallThatNamesATaskCanNameItInTheBody) {
  for (const auto* service : ContractServices()) {
    for (int i = 0; i < service->method_count(); ++i) {
      if (service->method(i)->input_type()->FindFieldByName("task") == nullptr) continue;
      EXPECT_TRUE(std::any_of(Table().routes().begin(), Table().routes().end(), [&](const auto& route) {
        return route->method == service->method(i) && route->body == BodyRule::kRequest &&
               std::none_of(route->segments.begin(), route->segments.end(),
                            [](const Segment& segment) { return segment.is_variable(); });
      })) << service->method(i)->full_name();
    }
  }
}

TEST(RouteTable, NothingButPostTakesABody) {
  for (const auto& route : Table().routes()) {
    EXPECT_EQ(route->body != BodyRule::kNone, route->http_method == "POST") << route->path;
  }
}

// The whole way, for every route: a message, the request a client would make of it, the same message again.
TEST(RouteTable, EveryRouteCarriesItsRequest) {
  std::mt19937_64 random(7);
  for (const auto& route : Table().routes()) {
    if (route->body == BodyRule::kNone) continue;
    for (int i = 0; i < 20; ++i) {
      const auto message = NewMessage(*route->method->input_type());
      if (route->body == BodyRule::kRequest) FillRandomly(*message, random);
      SetVariables(*route, *message);
      std::string body;
      if (route->body == BodyRule::kField) {
        Message* const part = message->GetReflection()->MutableMessage(message.get(), route->body_field);
        FillRandomly(*part, random);
        json::WriteJson(*part, body);
      } else {
        json::WriteJson(*message, body);
      }
      const std::string path = PathFor(*route, *message);
      const Found found = Table().Find(route->http_method, path);
      ASSERT_EQ(found.route, route.get()) << path;
      const auto bound = NewMessage(*route->method->input_type());
      const absl::Status status = Bind(found, "", body, *bound);
      ASSERT_TRUE(status.ok()) << status << "\n" << path << "\n" << body;
      EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(*message, *bound)) << path << "\n" << body;
    }
  }
}

// One parameter for every scalar that a query can set: "name=value".
void AppendParameters(const Message& message, const std::string& prefix, std::string& query) {
  const auto* const reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  const auto add = [&](const std::string& name, const std::string& value) {
    query += (query.empty() ? "" : "&") + PercentEncoded(name) + "=" + PercentEncoded(value);
  };
  for (const auto* field : fields) {
    const std::string name = prefix + (query.size() % 2 == 0 ? field->json_name() : field->name());
    const int count = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const auto nested = [&]() -> const Message& {
        return field->is_repeated() ? reflection->GetRepeatedMessage(message, field, i)
                                    : reflection->GetMessage(message, field);
      };
      if (field->is_map()) {
        const auto* const type = field->message_type();
        add(name + "[" + nested().GetReflection()->GetString(nested(), type->map_key()) + "]",
            nested().GetReflection()->GetString(nested(), type->map_value()));
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
                 field->message_type()->file()->package() != "google.protobuf") {
        AppendParameters(nested(), name + ".", query);
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        std::string text;
        json::WriteJson(nested(), text);
        add(name, text.substr(1, text.size() - 2));
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
        add(name, (field->is_repeated() ? reflection->GetRepeatedEnum(message, field, i)
                                        : reflection->GetEnum(message, field))
                      ->name());
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_INT32) {
        add(name, std::to_string(reflection->GetInt32(message, field)));
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
        add(name, reflection->GetBool(message, field) ? "true" : "false");
      } else {
        add(name, reflection->GetString(message, field));
      }
    }
  }
}

TEST(RouteTable, EveryRouteWithoutABodyTakesTheRestFromTheQuery) {
  std::mt19937_64 random(8);
  for (const auto& route : Table().routes()) {
    if (route->body != BodyRule::kNone) continue;
    for (int i = 0; i < 50; ++i) {
      const auto message = NewMessage(*route->method->input_type());
      FillRandomly(*message, random);
      for (const Segment& segment : route->segments) {
        if (segment.is_variable()) message->GetReflection()->ClearField(message.get(), segment.field.front());
      }
      std::string query;
      AppendParameters(*message, "", query);
      SetVariables(*route, *message);
      const std::string path = PathFor(*route, *message);
      const Found found = Table().Find(route->http_method, path);
      ASSERT_EQ(found.route, route.get()) << path;
      const auto bound = NewMessage(*route->method->input_type());
      const absl::Status status = Bind(found, query, "", *bound);
      ASSERT_TRUE(status.ok()) << status << "\n" << query;
      google::protobuf::util::MessageDifferencer differencer;
      // An empty message cannot be told from none in a query.
      differencer.set_message_field_comparison(google::protobuf::util::MessageDifferencer::EQUIVALENT);
      EXPECT_TRUE(differencer.Compare(*message, *bound)) << query;
    }
  }
}

TEST(RouteTable, VerbsMayStandBehindASlash) {
  for (const auto& route : Table().routes()) {
    if (route->verb.empty() || route->http_method != "POST") continue;
    const auto message = NewMessage(*route->method->input_type());
    SetVariables(*route, *message);
    std::string path = PathFor(*route, *message);
    path[path.rfind(':')] = '/';
    EXPECT_EQ(Table().Find(route->http_method, path).route, route.get()) << path;
  }
}

TEST(Find, TakesAColonForPartOfTheValueWhereNoVerbFits) {
  const Found found = Table().Find("GET", "/v1/namespaces/loans/keys/order:4711");
  ASSERT_NE(found.route, nullptr);
  EXPECT_EQ(found.route->method->name(), "GetTask");
  EXPECT_EQ(found.values[0], "loans");
  EXPECT_EQ(found.values[1], "order:4711");
  EXPECT_EQ(Table().Find("POST", "/v1/namespaces/loans/keys/order:4711:succeed").values[1], "order:4711");
}

TEST(Find, SaysWhichMethodsAPathHas) {
  const Found found = Table().Find("DELETE", "/v1/namespaces/loans/tasks");
  EXPECT_EQ(found.route, nullptr);
  EXPECT_EQ(found.allow, "POST, GET");
  EXPECT_EQ(Table().Find("GET", "/v1/tasks/x:succeed").allow, "POST");
}

TEST(Find, HintsAtWhatWasProbablyMeant) {
  const auto hint = [](const char* method, const char* path) { return Table().Find(method, path).hint; };
  EXPECT_EQ(hint("POST", "/v1/tokens/abc:suceed"), "POST /v1/tokens/{token}:succeed");
  EXPECT_EQ(hint("GET", "/v1/task/abc"), "GET /v1/tasks/{taskId}");
  EXPECT_EQ(hint("GET", "/v1/namespaces/demo/taks"), "GET /v1/namespaces/{namespace}/tasks");
  EXPECT_EQ(hint("GET", "/v1/status/"), "GET /v1/status");
  EXPECT_EQ(hint("GET", "/v1/setlements:batch"), "POST /v1/settlements:batch");
  EXPECT_EQ(hint("GET", "/robots.txt"), "");
}

TEST(Find, KnowsNoOddPaths) {
  for (const char* path : {"", "/", "v1/status", "//v1/status", "/v1//status", "/v1/status/", "/v1/tasks/:succeed",
                           "/v1", "/v1/tasks//", "/a/b/c/d/e/f/g/h/i/j", ":", "/:", "*"}) {
    const Found found = Table().Find("POST", path);
    EXPECT_EQ(found.route, nullptr) << path;
    EXPECT_EQ(found.allow, "") << path;
  }
}

// What Make says of a service whose calls, all with the request of IssueTask, have these rules.
std::string Judgement(const std::vector<google::api::HttpRule>& rules) {
  const google::protobuf::FileDescriptor& issue = *ContractServices()[0]->file();
  google::protobuf::FileDescriptorProto file;
  file.set_name("mistaken.proto");
  file.add_dependency(issue.name());
  auto* const service = file.add_service();
  service->set_name("Mistaken");
  for (const google::api::HttpRule& rule : rules) {
    auto* const method = service->add_method();
    method->set_name("Call" + std::to_string(service->method_size()));
    method->set_input_type(".tokenbroker.v1.IssueTaskRequest");
    method->set_output_type(".tokenbroker.v1.IssueTaskResponse");
    *method->mutable_options()->MutableExtension(google::api::http) = rule;
  }
  google::protobuf::DescriptorPool pool(google::protobuf::DescriptorPool::generated_pool());
  return std::string(RouteTable::Make({pool.BuildFile(file)->service(0)}).status().message());
}

google::api::HttpRule Get(const std::string& path, const std::string& body = "") {
  google::api::HttpRule rule;
  rule.set_get(path);
  rule.set_body(body);
  return rule;
}

TEST(Make, RefusesMistakenAnnotations) {
  EXPECT_EQ(Judgement({Get("/v1/a/{namespace}"), Get("/v1/b/{namespace}:x")}), "");
  EXPECT_THAT(Judgement({Get("/v1/{name_space}")}), HasSubstr("name_space is not a field of IssueTaskRequest"));
  EXPECT_THAT(Judgement({Get("/v1/{labels}")}), HasSubstr("must be a single scalar"));
  EXPECT_THAT(Judgement({Get("/v1/{trace}")}), HasSubstr("must be a single scalar"));
  EXPECT_THAT(Judgement({Get("/v1/{namespace=**}")}), HasSubstr("is not a field"));
  EXPECT_THAT(Judgement({Get("/v1/x{namespace}")}), HasSubstr("is no path"));
  EXPECT_THAT(Judgement({Get("v1")}), HasSubstr("is no path"));
  EXPECT_THAT(Judgement({Get("/v1//x")}), HasSubstr("is no path"));
  EXPECT_THAT(Judgement({google::api::HttpRule()}), HasSubstr("is no path"));
  EXPECT_THAT(Judgement({Get("/v1", "summary")}), HasSubstr("the body must be a single message"));
  EXPECT_THAT(Judgement({Get("/v1/{namespace}:x"), Get("/v1/{target}:x")}), HasSubstr("both claim"));
  EXPECT_THAT(Judgement({Get("/v1/{namespace}"), Get("/v1/status")}), HasSubstr("a literal and a variable"));
}

}  // namespace
}  // namespace tokenbroker::rest
