// What valijson checks otherwise than we do: "maximum", "minimum", their exclusive kin and "multipleOf", where it
// compares doubles; and "format", where it runs regular expressions that can be made to overflow the stack. As the
// standard allows, a format says something to people only.
#pragma once

#include "server/contract/adapter.h"
#include "valijson/schema_parser.hpp"
#include "valijson/validation_visitor.hpp"

namespace tokenbroker::contract {

// Of schemas that such a parser reads, values keep within exactly what the schema says. The schemas must stay.
void AddConstraints(valijson::SchemaParser& parser);

}  // namespace tokenbroker::contract

// Of what valijson itself makes of these keywords, nothing is checked.
namespace valijson {

template <>
inline bool ValidationVisitor<tokenbroker::contract::JsonAdapter>::visit(const FormatConstraint& /*constraint*/) {
  return true;
}

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
