// How much is under way in closed loops of the broker's calls, the same wherever they are measured.
#pragma once

#include "tests/bench/load.h"
#include "tests/bench/options.h"

namespace tokenbroker::benchmarks {

inline constexpr int kUnaryChannels = 4;
inline constexpr int kUnaryOutstanding = 64;
inline constexpr int kBatchChannels = 2;
inline constexpr int kBatchOutstanding = 8;

inline LoadShape SliceOf(const Options& options, int channels, int outstanding) {
  return {channels, outstanding, options.slice_warm_up, options.slice, /*quiet=*/true};
}
inline LoadShape UnarySlice(const Options& options) { return SliceOf(options, kUnaryChannels, kUnaryOutstanding); }
inline LoadShape BatchSlice(const Options& options) { return SliceOf(options, kBatchChannels, kBatchOutstanding); }

}  // namespace tokenbroker::benchmarks
