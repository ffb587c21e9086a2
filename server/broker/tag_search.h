// Finds a token from the part of it that a limited token shows.
//
// That part is the key id and the first 15 bytes of the tag. The tag is the AES-CMAC of 13 bytes: one padded block, so
// with the key it can be undone, and 48 bits of what comes out are known beforehand ("T1", the key id, the padding).
// The missing byte is found by trying all 256 values: one call of AES over 4 KiB, 1 to 2 us.
//
// What a limited token does not show is that byte and the sealed content: 88 bits, which the broker makes again from
// the content that it found. They key the chain of MACs (token/limited_token.h).
//
// Pure, thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "server/broker/key_ring.h"

namespace tokenbroker::broker {

inline constexpr size_t kShownTagSize = 15;

// What a tag was made from, without what follows from the key id.
using TokenPlain = std::array<uint8_t, 10>;

// The content whose tag under this key, with `associated` before it (3 bytes), begins like that. False if there is
// none.
bool FindPlain(const TokenKey& key, std::string_view associated, const uint8_t* shown, TokenPlain& plain);

}  // namespace tokenbroker::broker
