// Early return for absl::Status and absl::StatusOr. Debian's Abseil predates ABSL_RETURN_IF_ERROR; same shape, shorter
// name.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define TB_RETURN_IF_ERROR(expression)                                            \
  do {                                                                            \
    if (absl::Status tb_status = (expression); !tb_status.ok()) return tb_status; \
  } while (false)

#define TB_ASSIGN_OR_RETURN(declaration, expression) \
  TB_ASSIGN_OR_RETURN_IMPL(TB_CONCAT(tb_or_, __LINE__), declaration, expression)
#define TB_ASSIGN_OR_RETURN_IMPL(variable, declaration, expression) \
  auto variable = (expression);                                     \
  if (!variable.ok()) return std::move(variable).status();          \
  declaration = *std::move(variable)
#define TB_CONCAT(a, b) TB_CONCAT_IMPL(a, b)
#define TB_CONCAT_IMPL(a, b) a##b
