// Expectations about absl::Status.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"

namespace tokenbroker::testing {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& status) {
  return status.status();
}

}  // namespace tokenbroker::testing

#define TB_EXPECT_OK(expression)                                                \
  do {                                                                          \
    const auto& tb_result = (expression);                                       \
    EXPECT_TRUE(tb_result.ok()) << ::tokenbroker::testing::StatusOf(tb_result); \
  } while (false)
#define TB_ASSERT_OK(expression)                                                \
  do {                                                                          \
    const auto& tb_result = (expression);                                       \
    ASSERT_TRUE(tb_result.ok()) << ::tokenbroker::testing::StatusOf(tb_result); \
  } while (false)
#define TB_EXPECT_CODE(expression, expected)                                \
  do {                                                                      \
    const auto& tb_result = (expression);                                   \
    EXPECT_EQ(::tokenbroker::testing::StatusOf(tb_result).code(), expected) \
        << ::tokenbroker::testing::StatusOf(tb_result);                     \
  } while (false)
