// The version of this build, as CMakeLists.txt says.
#pragma once

namespace tokenbroker {

inline constexpr char kVersion[] = TOKENBROKER_VERSION;

}  // namespace tokenbroker
