// Contracts between those who issue and those who resolve; and schemas made to hurt.
#include "server/broker/contract.h"

#include <gtest/gtest.h>

#include "tests/testing/broker_harness.h"

namespace tokenbroker::broker {
namespace {

constexpr const char* kOrder = R"({
  "type": "object",
  "required": ["total"],
  "properties": {
    "total": {"type": "number", "minimum": 0},
    "items": {"type": "array", "items": {"type": "object", "properties": {"a/b~c": {"type": "string"}}}}
  }
})";

std::string FieldOf(std::string_view schema, std::string_view output) {
  const std::optional<ContractBreach> breach = CheckOutput(schema, output);
  return breach.has_value() ? breach->field : "fine";
}

TEST(Contract, TheBreachIsNamedByAJsonPointer) {
  EXPECT_EQ(FieldOf(kOrder, R"({"total": 3})"), "fine");
  EXPECT_EQ(FieldOf(kOrder, R"({"total": -1})"), "output#/total");
  EXPECT_EQ(FieldOf(kOrder, R"({"total": 1, "items": [{}, {"a/b~c": 1}]})"), "output#/items/1/a~1b~0c");
  EXPECT_EQ(FieldOf(kOrder, "3"), "output#");
  EXPECT_EQ(FieldOf(kOrder, "{}"), "output#");
}

TEST(Contract, TheBreachNeverQuotesTheOutput) {
  const std::optional<ContractBreach> breach = CheckOutput(kOrder, R"({"total": "secret-value"})");
  ASSERT_TRUE(breach.has_value());
  EXPECT_EQ(breach->message.find("secret-value"), std::string::npos) << breach->message;
}

TEST(Contract, AnErrorMustBeInTheList) {
  EXPECT_FALSE(CheckError({}, "anything").has_value());
  EXPECT_FALSE(CheckError({"A", "B"}, "B").has_value());
  EXPECT_EQ(CheckError({"A", "B"}, "b")->field, "error");
  EXPECT_EQ(CheckError({"A"}, "")->field, "error");
}

TEST(Contract, ASuccessIsHeldAgainstTheSchemaAndAFailureAgainstTheErrors) {
  const std::vector<std::string_view> allowed = {"A"};
  const Contract contract{kOrder, allowed};
  EXPECT_EQ(FindBreach(contract, TaskState::kSucceeded, R"({"total": "x"})", "A")->field, "output#/total");
  EXPECT_EQ(FindBreach(contract, TaskState::kFailed, "", "B")->field, "error");
  EXPECT_FALSE(FindBreach(contract, TaskState::kFailed, "", "A").has_value());
  EXPECT_FALSE(FindBreach({}, TaskState::kSucceeded, "1", "").has_value());
  EXPECT_FALSE(FindBreach({}, TaskState::kFailed, "", "B").has_value());
}

TEST(Contract, WhatIsNoSchemaIsRefused) {
  for (const char* schema :
       {"", "7", "[]", "{", R"({"type": 5})", R"({"type": "none"})", R"({"pattern": "a*"})", R"({"properties": 5})",
        R"({"properties": {"a": {"patternProperties": {}}}})", R"({"$ref": "http://example.com/x"})",
        R"({"items": {"$ref": "file:///etc/passwd"}})", R"({"$ref": "#/nowhere"})"}) {
    EXPECT_FALSE(CheckSchema(schema).ok()) << schema;
  }
}

TEST(Contract, OrdinarySchemasAreAccepted) {
  for (const char* schema :
       {"{}", kOrder, R"({"const": 5})", R"({"enum": ["a", 1, null]})",
        R"({"oneOf": [{"type": "string"}, {"type": "null"}]})",
        R"({"definitions": {"a": {"type": "string"}}, "properties": {"x": {"$ref": "#/definitions/a"}}})",
        R"({"properties": {"pattern": {"type": "string"}}})"}) {
    EXPECT_TRUE(CheckSchema(schema).ok()) << schema << CheckSchema(schema);
  }
}

TEST(Contract, ASchemaThatRefersToItselfIsRefused) {
  const absl::Status status = CheckSchema(R"({"type": "object", "properties": {"left": {"$ref": "#"}}})");
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_EQ(status.message(), "must not refer to itself with \"$ref\"");
}

TEST(Contract, ReferencesAreFollowed) {
  const char* schema =
      R"({"definitions": {"money/eur": {"type": "number"}}, "properties": {"total": {"$ref": "#/definitions/money~1eur"}}})";
  ASSERT_TRUE(CheckSchema(schema).ok()) << CheckSchema(schema);
  EXPECT_EQ(FieldOf(schema, R"({"total": 1})"), "fine");
  EXPECT_EQ(FieldOf(schema, R"({"total": "1"})"), "output#/total");
}

TEST(Contract, AReferenceLeadsWhereverItsPointerDoes) {
  for (const char* schema : {R"({"$defs": {"a": {"type": "integer"}}, "properties": {"x": {"$ref": "#/$defs/a"}}})",
                             R"({"$defs": {"a": {"type": "integer"}}, "properties": {"x": {"$ref": "#/%24defs/%61"}}})",
                             R"({"foo": [{"type": "integer"}], "properties": {"x": {"$ref": "#/foo/0"}}})",
                             R"({"a/b%": {"~": {"type": "integer"}}, "properties": {"x": {"$ref": "#/a~1b%25/%7E0"}}})",
                             R"({"properties": {"y": {"type": "integer"}, "x": {"$ref": "#/properties/y"}}})"}) {
    ASSERT_TRUE(CheckSchema(schema).ok()) << schema << CheckSchema(schema);
    EXPECT_EQ(FieldOf(schema, R"({"x": 1})"), "fine") << schema;
    EXPECT_EQ(FieldOf(schema, R"({"x": true})"), "output#/x") << schema;
  }
  EXPECT_FALSE(CheckSchema(R"({"$ref": "#/$defs/b", "$defs": {"a": {}}})").ok());
  EXPECT_FALSE(CheckSchema(R"({"$ref": "#/%", "%": {}})").ok());
}

TEST(Contract, AFormatIsForPeople) {
  const char* schema =
      R"({"properties": {"format": {"type": "string"}, "day": {"format": "date"}, "kind": {"const": {"format": "x"}}}})";
  ASSERT_TRUE(CheckSchema(schema).ok()) << CheckSchema(schema);
  EXPECT_EQ(FieldOf(schema, R"({"day": "tomorrow"})"), "fine");
  EXPECT_EQ(FieldOf(schema, R"({"format": 1})"), "output#/format") << "a property of that name is none";
  EXPECT_EQ(FieldOf(schema, R"({"kind": {"format": "y"}})"), "output#/kind");
}

TEST(Contract, AnOrdinaryOutputOfFullSizeIsChecked) {
  std::string numbers = "[1";
  while (numbers.size() < 262'000) numbers += ",1";
  const char* schema = R"({"items": {"type": "number"}})";
  EXPECT_EQ(FieldOf(schema, numbers + "]"), "fine");
  EXPECT_EQ(FieldOf(schema, numbers + ",\"x\"]"), "output#/131000");
}

TEST(Contract, ANameIsSaidOnce) {
  EXPECT_EQ(FieldOf(R"({"properties": {"a": {"type": "integer"}}})", R"({"a": 1, "a": "x"})"), "output#");
  EXPECT_EQ(FieldOf("{}", R"({"deep": [{"a": 1, "b": 2, "a": 1}]})"), "output#");
  EXPECT_EQ(FieldOf("{}", R"([{"a": 1}, {"a": 1}])"), "fine");
  EXPECT_FALSE(CheckSchema(R"({"type": "string", "type": "number"})").ok());
}

TEST(Contract, ATextGoesOnBehindItsNul) {
  EXPECT_EQ(FieldOf(R"({"maxLength": 3})", R"("ab\u0000cdefg")"), "output#");
  EXPECT_EQ(FieldOf(R"({"minLength": 5})", R"("ab\u0000cd")"), "fine");
  EXPECT_EQ(FieldOf(R"({"const": "a\u0000b"})", R"("a\u0000b")"), "fine");
  EXPECT_EQ(FieldOf(R"({"const": "a\u0000b"})", R"("a\u0000c")"), "output#");
  EXPECT_EQ(FieldOf(R"({"required": ["a\u0000b"]})", R"({"a": 1})"), "output#");
}

TEST(Contract, AWholeNumberIsAnIntegerHoweverItIsWritten) {
  for (const char* output : {"1", "1.0", "1e2", "-3.0e0", "9007199254740992.0"}) {
    EXPECT_EQ(FieldOf(R"({"type": "integer"})", output), "fine") << output;
  }
  EXPECT_EQ(FieldOf(R"({"type": "integer"})", "1.5"), "output#");
  EXPECT_EQ(FieldOf(R"({"const": 1.0})", "1"), "fine");
  EXPECT_EQ(FieldOf("{}", "1e400"), "output#");
}

TEST(Contract, LargeIntegersAreIntegersToo) {
  for (const char* output :
       {"1e16", "1000000000000000000", "1000000000000000000.0", "18446744073709551616", "-1e300"}) {
    EXPECT_EQ(FieldOf(R"({"type": "integer"})", output), "fine") << output;
  }
  EXPECT_EQ(FieldOf(R"({"const": 1e18})", "1000000000000000000"), "fine");
  EXPECT_EQ(FieldOf(R"({"maxLength": 1e30})", "\"text\""), "fine");
}

TEST(Contract, IntegersOf64BitsAreExact) {
  struct Case {
    const char* schema;
    const char* met_by;
    const char* broken_by;
  };
  for (const Case& one : {
           Case{R"({"const": 9007199254740993})", "9007199254740993", "9007199254740992"},
           Case{R"({"enum": ["x", 9007199254740993]})", "9007199254740993", "9007199254740992"},
           Case{R"({"const": {"id": [9007199254740993]}})", R"({"id": [9007199254740993]})",
                R"({"id": [9007199254740992]})"},
           Case{R"({"maximum": 9007199254740992})", "9007199254740992", "9007199254740993"},
           Case{R"({"minimum": 9007199254740993})", "9007199254740993", "9007199254740992"},
           Case{R"({"exclusiveMinimum": 9007199254740992})", "9007199254740993", "9007199254740992"},
           Case{R"({"exclusiveMaximum": 9223372036854775807})", "9223372036854775806", "9223372036854775807"},
           Case{R"({"uniqueItems": true})", "[9007199254740993, 9007199254740992]", "[1e18, 1000000000000000000]"},
           Case{R"({"maximum": 18446744073709551614})", "-1", "18446744073709551615"},
           Case{R"({"const": 18446744073709551615})", "18446744073709551615", "18446744073709551616"},
           Case{R"({"const": -1})", "-1", "18446744073709551615"},
           Case{R"({"multipleOf": 2})", "9007199254740994", "9007199254740993"},
           Case{R"({"multipleOf": 5})", "18446744073709551615", "18446744073709551614"},
           Case{R"({"multipleOf": 9223372036854775808})", "9223372036854775808", "9223372036854775807"},
       }) {
    EXPECT_TRUE(CheckSchema(one.schema).ok()) << CheckSchema(one.schema);
    EXPECT_EQ(FieldOf(one.schema, one.met_by), "fine") << one.schema << one.met_by;
    EXPECT_EQ(FieldOf(one.schema, one.broken_by), "output#") << one.schema << one.broken_by;
  }
}

TEST(Contract, FractionsAreMultiplesAsNearAsDoublesAre) {
  for (const char* output : {"19.99", "0.07", "-3", "0", "123456789.01"}) {
    EXPECT_EQ(FieldOf(R"({"multipleOf": 0.01})", output), "fine") << output;
  }
  for (const char* output : {"19.995", "1e-17", "0.001"}) {
    EXPECT_EQ(FieldOf(R"({"multipleOf": 0.01})", output), "output#") << output;
  }
  EXPECT_EQ(FieldOf(R"({"multipleOf": 2})", "4.5"), "output#");
}

TEST(Contract, WhatANumberMustKeepToIsSaid) {
  EXPECT_EQ(CheckOutput(R"({"maximum": 9007199254740992})", "9007199254740993")->message,
            "Expected a number of at most 9007199254740992");
  EXPECT_EQ(CheckOutput(R"({"exclusiveMinimum": 0.5})", "0.5")->message, "Expected a number above 0.5");
  EXPECT_EQ(FieldOf(R"({"maximum": 5})", "\"no number\""), "fine");
  EXPECT_FALSE(CheckSchema(R"({"maximum": "5"})").ok());
}

TEST(Contract, WhatADraftOf7PassesOverIsRefused) {
  for (const char* schema : {R"({"$schema": "https://json-schema.org/draft/2020-12/schema"})", R"({"$schema": 7})",
                             R"({"type": "array", "prefixItems": [{"type": "string"}]})",
                             R"({"properties": {"a": {"minContains": 2}}})", R"({"unevaluatedProperties": false})"}) {
    EXPECT_FALSE(CheckSchema(schema).ok()) << schema;
  }
  for (const char* schema :
       {R"({"$schema": "http://json-schema.org/draft-07/schema#"})",
        R"({"properties": {"prefixItems": {"type": "string"}, "$id": {"type": "string"}}, "required": ["pattern"]})",
        R"({"const": {"$ref": "elsewhere", "pattern": "a*"}, "default": {"prefixItems": 1}})"}) {
    EXPECT_TRUE(CheckSchema(schema).ok()) << schema << CheckSchema(schema);
  }
}

// A row of 40 fields, 300 times.
TEST(Contract, OrdinaryTablesAreChecked) {
  std::string fields;
  std::string row;
  for (int i = 0; i < 40; ++i) {
    const std::string name = (i == 0 ? "\"f" : ",\"f") + std::to_string(i) + "\":";
    fields += name + R"({"type":"number"})";
    row += name + std::to_string(i);
  }
  const std::string schema = R"({"type":"array","items":{"type":"object","properties":{)" + fields + "}}}";
  std::string rows = "{" + row + "}";
  for (int i = 1; i < 300; ++i) rows += ",{" + row + "}";
  EXPECT_EQ(FieldOf(schema, "[" + rows + "]"), "fine");
  EXPECT_EQ(FieldOf(schema, "[" + rows + R"(,{"f7":"x"}])"), "output#/300/f7");
}

// --- Schemas made to hurt: none may crash, hang or take much memory ---

std::string Repeat(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

// Refused at issue, or harmless at resolve.
void Survives(const std::string& schema, const std::string& output) {
  if (!CheckSchema(schema).ok()) return;
  CheckOutput(schema, output);
}

TEST(HostileContract, ASchemaThatIsItself) {
  Survives(R"({"$ref": "#"})", "1");
  Survives(R"({"allOf": [{"$ref": "#"}]})", "1");
  Survives(R"({"not": {"$ref": "#"}})", "1");
  Survives(R"({"anyOf": [{"$ref": "#"}, {"$ref": "#"}]})", "1");
  Survives(R"({"if": {"$ref": "#"}, "then": {"$ref": "#"}})", "1");
  Survives(
      R"({"definitions": {"a": {"$ref": "#/definitions/b"}, "b": {"$ref": "#/definitions/a"}}, "$ref": "#/definitions/a"})",
      "1");
  Survives(R"({"": {}, "$ref": "#/"})", "1");
  Survives(R"({"a": {"": {}, "$ref": "#/a/"}, "$ref": "#/a"})", "1");
  Survives(
      R"({"definitions": {"a": {"allOf": [{"$ref": "#/definitions/b"}]}, "b": {"allOf": [{"$ref": "#/definitions/a"}]}}, "properties": {"x": {"$ref": "#/definitions/a"}}})",
      R"({"x": 1})");
}

TEST(HostileContract, DeepNesting) {
  Survives(R"({"enum":)" + Repeat("[", 16'000) + Repeat("]", 16'000) + "}", "1");
  Survives("{}", Repeat("[", 200'000) + Repeat("]", 200'000));
  Survives(Repeat(R"({"not":)", 5000) + "{}" + Repeat("}", 5000), "1");
  Survives(Repeat(R"({"items":)", 60) + "{}" + Repeat("}", 60), Repeat("[", 128) + Repeat("]", 128));
  Survives(R"({"properties": {"a": {"$ref": "#"}}, "additionalProperties": {"$ref": "#"}})",
           Repeat(R"({"a":)", 127) + "1" + Repeat("}", 127));
}

// Each definition asks for the next one twice: 2^40 checks if nobody counts.
TEST(HostileContract, DoublingReferences) {
  for (const char* keyword : {"allOf", "anyOf", "oneOf"}) {
    std::string definitions;
    for (int i = 0; i < 40; ++i) {
      const std::string next = "{\"$ref\": \"#/definitions/d" + std::to_string(i + 1) + "\"}";
      definitions += "\"d" + std::to_string(i) + "\": {\"" + keyword + "\": [" + next + "," + next + "]},";
    }
    const std::string schema =
        "{\"definitions\": {" + definitions + "\"d40\": {\"type\": \"string\"}}, \"$ref\": \"#/definitions/d0\"}";
    Survives(schema, "1");
    Survives(schema, "\"x\"");
  }
}

TEST(HostileContract, LongStringsAgainstFormats) {
  for (const char* format : {"date", "time", "date-time", "email", "uri", "regex"}) {
    const std::string schema = std::string("{\"format\": \"") + format + "\"}";
    Survives(schema, '"' + std::string(262'000, '1') + '"');
  }
}

TEST(HostileContract, ManyItemsThatMustBeUnique) {
  std::string items = "[0";
  for (int i = 1; i < 40'000; ++i) items += "," + std::to_string(i);
  Survives(R"({"uniqueItems": true})", items + "]");
}

TEST(HostileContract, ManyBranchesTimesManyItems) {
  const std::string schema =
      R"({"items": {"anyOf": [)" + Repeat(R"({"required":["aaaaaaaa"]},)", 1000) + R"({"required":["b"]}]}})";
  Survives(schema, "[{}" + Repeat(",{}", 80'000) + "]");
}

TEST(HostileContract, MultiplesOfNothing) {
  for (const char* factor : {"0", "-0", "0.0", "-1", "1e-400", "-9223372036854775808", "\"0\""}) {
    EXPECT_FALSE(CheckSchema(std::string("{\"multipleOf\": ") + factor + "}").ok()) << factor;
  }
  for (const char* factor : {"1", "0.01", "9223372036854775807", "18446744073709551615", "1e300"}) {
    for (const char* output : {"0", "7", "-9223372036854775808", "1e308", "18446744073709551615"}) {
      Survives(std::string("{\"multipleOf\": ") + factor + "}", output);
    }
  }
}

TEST(HostileContract, BytesThatAreNoText) {
  EXPECT_FALSE(CheckSchema("{\"title\": \"\xff\"}").ok());
  EXPECT_EQ(FieldOf(R"({"maxLength": 1})", "\"\xfe\xff\""), "output#");
  Survives(R"({"maxLength": 1})", R"("\udc00\udc00")");
}

// One step at a time these would take seconds.
TEST(HostileContract, WhatTakesTooManyStepsIsRefused) {
  std::string alternatives = R"({"const":0})";
  for (int i = 1; i < 1500; ++i) alternatives += R"(,{"const":)" + std::to_string(i) + "}";
  const std::string schema = R"({"items":{"anyOf":[)" + alternatives + "]}}";
  const auto values = [](int count) { return "[-1" + Repeat(",-1", count - 1) + "]"; };
  EXPECT_EQ(FieldOf(schema, values(20)), "output#/0");
  EXPECT_EQ(CheckOutput(schema, values(150))->message, "does not meet the task's output schema");
  EXPECT_EQ(CheckOutput(schema, values(300))->message, "is too large to be held against the task's output schema");
  const std::string lengths = R"({"anyOf":[)" + Repeat(R"({"maxLength":5},)", 1500) + "{}]}";
  EXPECT_EQ(FieldOf(lengths, "\"" + std::string(200'000, 'a') + "\""), "output#");
}

// --- Through the broker ---

TEST(Contract, AnOutcomeThatBreaksItIsRefusedAndTheTaskStaysOpen) {
  BrokerHarness broker;
  const Issued task = broker.Issue({.output_schema = kOrder, .allowed_errors = {"E1"}});
  const Settled wrong = broker.Succeed(task, R"({"total": -1})");
  EXPECT_EQ(wrong.verdict, Verdict::kRefused);
  EXPECT_EQ(wrong.reason, Reason::kContractViolation);
  EXPECT_EQ(wrong.field, "output#/total");
  EXPECT_EQ(broker.Fail(task, "E2").field, "error");
  EXPECT_EQ(broker.Peek(task, TaskState::kFailed, "E2").reason, Reason::kContractViolation);
  EXPECT_EQ(broker.Get(task).state, TaskState::kWaiting);
  EXPECT_EQ(broker.Fail(task, "E1").verdict, Verdict::kAccepted);
  EXPECT_EQ(broker.Fail(task, "E2").verdict, Verdict::kConflict) << "an ended task has no contract any more";
}

TEST(Contract, ItHoldsAfterACrash) {
  BrokerHarness broker;
  const Issued task = broker.Issue({.output_schema = kOrder});
  broker.Restart();
  broker.Crash();
  EXPECT_EQ(broker.Succeed(task, "1").reason, Reason::kContractViolation);
}

TEST(Contract, ADrainDoesNotWaitForChecks) {
  BrokerHarness broker;
  const Issued task = broker.Issue({.output_schema = kOrder});
  Call<ResolveOperation> resolve;
  resolve.op.principal = &Anybody();
  resolve.op.address = broker.broker().AddressOfToken(task.token);
  resolve.op.output = R"({"total": -1})";
  broker.broker().Submit(resolve.op);
  broker.broker().RunOnce();  // waits to be checked
  broker.broker().BeginDrain();
  broker.Run();
  EXPECT_EQ(resolve.op.refusal.reason, Reason::kDraining);
}

// The check takes a detour over the executor; meanwhile a newer attempt takes the key over.
TEST(Contract, AnOutcomeIsHeldAgainstTheContractOfTheTaskItResolves) {
  BrokerHarness broker;
  broker.Issue({.correlation_key = "k", .output_schema = R"({"type": "number"})"});
  Call<ResolveOperation> resolve;
  resolve.op.principal = &Anybody();
  resolve.op.address = broker.broker().AddressOfKey("orders", "k");
  resolve.op.output = "7";
  broker.broker().Submit(resolve.op);
  broker.broker().RunOnce();  // waits for the executor
  Call<IssueOperation> issue;
  issue.op.principal = &Anybody();
  issue.op.request = {.name_space = "orders",
                      .correlation_key = "k",
                      .attempt = 2,
                      .timeout = 1000,
                      .output_schema = R"({"type": "string"})"};
  broker.broker().Prepare(issue.op);
  broker.broker().Submit(issue.op);
  broker.broker().RunOnce();
  broker.Run();
  EXPECT_EQ(resolve.op.refusal.reason, Reason::kContractViolation);
}

TEST(Contract, ManyChecksOfOneNamespaceHoldUpNoOther) {
  BrokerHarness broker;
  NewTask task;
  task.output_schema = R"({"type": "integer"})";
  constexpr int kMany = 50;
  Call<ResolveOperation> calls[kMany + 1];
  for (Call<ResolveOperation>& call : calls) {
    if (&call == &calls[kMany]) task.name_space = "others";
    call.op.principal = &Anybody();
    call.op.address = broker.broker().AddressOfToken(broker.Issue(task).token);
    call.op.output = "1";
  }
  for (Call<ResolveOperation>& call : calls) broker.broker().Submit(call.op);
  broker.broker().RunOnce();
  for (int checks = 0; checks < 2; ++checks) ASSERT_TRUE(broker.executor().RunOne());
  broker.broker().RunOnce();
  EXPECT_TRUE(calls[0].answered);
  EXPECT_FALSE(calls[1].answered);
  EXPECT_TRUE(calls[kMany].answered) << "behind one check of the other namespace, not behind all";
  broker.Run();
  EXPECT_TRUE(calls[kMany - 1].answered);
}

}  // namespace
}  // namespace tokenbroker::broker
