// How many elements a request may hold, whichever encoding it comes in: a small request makes no large message.
#pragma once

namespace tokenbroker {

// More than any message of the contract may hold: a batch of 1,000, each with all its labels and allowed
// errors, has 97,000.
inline constexpr int kMaxElements = 1'000;
inline constexpr int kMaxElementsInAll = 100'000;

}  // namespace tokenbroker
