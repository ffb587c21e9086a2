// "maximum", "minimum", their exclusive kin and "multipleOf" for valijson, whose own compare doubles.
#pragma once

#include "server/contract/adapter.h"
#include "valijson/schema_parser.hpp"
#include "valijson/validation_visitor.hpp"

namespace tokenbroker::contract {

// Of schemas that such a parser reads, values keep within exactly what the schema says. The schemas must stay.
void AddBounds(valijson::SchemaParser& parser);

}  // namespace tokenbroker::contract

// Of what valijson itself makes of these keywords, nothing is checked.
namespace valijson {

template <>
inline bool ValidationVisitor<tokenbroker::contract::JsonAdapter>::visit(const MaximumConstraint& /*constraint*/) {
  return true;
}

template <>
inline bool ValidationVisitor<tokenbroker::contract::JsonAdapter>::visit(const MinimumConstraint& /*constraint*/) {
  return true;
}

template <>
inline bool ValidationVisitor<tokenbroker::contract::JsonAdapter>::visit(
    const MultipleOfIntConstraint& /*constraint*/) {
  return true;
}

template <>
inline bool ValidationVisitor<tokenbroker::contract::JsonAdapter>::visit(
    const MultipleOfDoubleConstraint& /*constraint*/) {
  return true;
}

}  // namespace valijson
