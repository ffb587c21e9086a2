// What a schema may say.
#pragma once

#include "absl/status/status.h"
#include "rapidjson/document.h"

namespace tokenbroker::contract {

// Refuses with INVALID_ARGUMENT what would be dangerous to check or would not be checked:
//   * regular expressions, which can be made to take unbounded time and stack
//   * references out of the document, and in a circle
//   * what is nested deeper than 64, or has more than 100,000 values, each counted as often as it is referred to
//   * "$schema" of another draft than 7 (or 6, which means the same), and keywords of later drafts
//
// What passes is a finite tree, and its references are written as valijson reads them: it undoes escapes in another
// order, and would find others in what is escaped twice.
absl::Status MakeReady(rapidjson::Document& schema);

}  // namespace tokenbroker::contract
