// Rows of a CSV file, whose first record names the columns.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bulk/csv.h"
#include "tokenbroker/v1/resolver_service.pb.h"

namespace tokenbroker::bulk {

class CsvColumns {
 public:
  // Columns are called like the members in row.h, in any order. INVALID_ARGUMENT for a name that is unknown or there
  // twice, and when no column names a task or tells an outcome.
  static absl::StatusOr<CsvColumns> Read(const CsvRecord& header);

  // An empty field is as if its column were not there. INVALID_ARGUMENT names the column; it never repeats a value.
  absl::StatusOr<v1::Settlement> ReadRow(const CsvRecord& record, const std::string& default_namespace) const;

 private:
  std::vector<std::string> names_;
};

}  // namespace tokenbroker::bulk
