# What can be chosen at configure time, and the flags that hold for every target of ours.

option(TOKENBROKER_TESTS "Build tests and benchmarks" ON)
set(TOKENBROKER_SANITIZE "" CACHE STRING "Comma-separated sanitizers: address,undefined or thread")
option(TOKENBROKER_WERROR "Warnings are errors" OFF)
option(TOKENBROKER_FUZZ "Build libFuzzer targets (clang only)" OFF)
option(TOKENBROKER_PCH "Compile headers that most files read once" ON)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
# Assertions stay on in what we ship: a broken invariant must stop the process, not corrupt a store. One line table per
# function is enough for backtraces and keeps links fast.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1")
add_compile_definitions(_GLIBCXX_ASSERTIONS)
# For all alike: who shares precompiled headers must be compiled alike.
add_compile_options(-pthread)

find_program(CCACHE ccache)
if(CCACHE)
  # time_macros: without it no unit that prints the time is cached; pch_defines: nor any with precompiled headers. Two checkouts share what they compile alike: paths count from the
  # project's own folder, and what a debugger shows as a unit's folder may be the other checkout's.
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=time_macros,pch_defines CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()
