#include "server/contract/constraints.h"

#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "valijson/constraint_builder.hpp"
#include "valijson/constraints/concrete_constraints.hpp"
#include "valijson/validation_results.hpp"

namespace tokenbroker::contract {
namespace {

using valijson::adapters::Adapter;

struct Bound {
  const char* keyword;
  const char* wanted;
  bool (*keeps)(const rapidjson::Value& number, const rapidjson::Value& bound);
};

using Json = rapidjson::Value;
constexpr Bound kBounds[] = {
    {"maximum", "Expected a number of at most ",
     [](const Json& a, const Json& b) { return NumberOf(a) <= NumberOf(b); }},
    {"minimum", "Expected a number of at least ",
     [](const Json& a, const Json& b) { return NumberOf(a) >= NumberOf(b); }},
    {"exclusiveMaximum", "Expected a number below ",
     [](const Json& a, const Json& b) { return NumberOf(a) < NumberOf(b); }},
    {"exclusiveMinimum", "Expected a number above ",
     [](const Json& a, const Json& b) { return NumberOf(a) > NumberOf(b); }},
    {"multipleOf", "Expected a multiple of ", IsMultiple},
};

class BoundConstraint final : public valijson::constraints::PolyConstraint {
 public:
  BoundConstraint(const Bound& bound, const Json& value) : bound_(bound), value_(value) {}

  bool validate(const Adapter& target, const std::vector<std::string>& context,
                valijson::ValidationResults* results) const override {
    const Json& number = JsonAdapter::ValueOf(target);
    if (!number.IsNumber() || bound_.keeps(number, value_)) return true;
    if (results != nullptr) results->pushError(context, absl::StrCat(bound_.wanted, TextOfNumber(value_)));
    return false;
  }

 private:
  Constraint* cloneInto(void* memory) const override { return new (memory) BoundConstraint(*this); }
  size_t sizeOf() const override { return sizeof(BoundConstraint); }

  const Bound& bound_;
  const Json& value_;
};

class BoundBuilder final : public valijson::ConstraintBuilder {
 public:
  explicit BoundBuilder(const Bound& bound) : bound_(bound) {}

  valijson::constraints::Constraint* make(const Adapter& node) const override {
    const Json& value = JsonAdapter::ValueOf(node);
    if (!value.IsNumber()) throw std::runtime_error(absl::StrCat("must use \"", bound_.keyword, "\" with a number"));
    return new BoundConstraint(bound_, value);
  }

 private:
  const Bound& bound_;
};

}  // namespace

void AddConstraints(valijson::SchemaParser& parser) {
  for (const Bound& bound : kBounds) parser.addConstraintBuilder(bound.keyword, new BoundBuilder(bound));
}

}  // namespace tokenbroker::contract
