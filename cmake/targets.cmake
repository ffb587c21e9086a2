# tb_library(name SRCS ... DEPS ... [LINK ...]) makes the library tokenbroker::name with our warnings.
#   DEPS  what its headers need (passed on), LINK  what only its sources need.
# tb_test(name SRCS ... DEPS ...) makes one gtest binary and registers it with ctest.

set(TB_WARNINGS -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -Wnon-virtual-dtor -Woverloaded-virtual)
if(TOKENBROKER_WERROR)
  # What g++ 12 concludes from its own inlining is too often wrong.
  list(APPEND TB_WARNINGS -Werror -Wno-error=restrict -Wno-error=maybe-uninitialized -Wno-error=stringop-overflow -Wno-error=array-bounds)
endif()

set(TB_SANITIZE_FLAGS)
if(TOKENBROKER_SANITIZE)
  # -O1: as sharp, and compiled in two thirds of the time.
  set(TB_SANITIZE_FLAGS -fsanitize=${TOKENBROKER_SANITIZE} -fno-omit-frame-pointer -O1)
  add_link_options(-fsanitize=${TOKENBROKER_SANITIZE})
endif()

function(tb_flags target)
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
  target_compile_options(${target} PRIVATE ${TB_WARNINGS} ${TB_SANITIZE_FLAGS})
endfunction()

function(tb_library name)
  cmake_parse_arguments(arg "" "" "SRCS;DEPS;LINK" ${ARGN})
  add_library(tb_${name} STATIC ${arg_SRCS})
  add_library(tokenbroker::${name} ALIAS tb_${name})
  tb_flags(tb_${name})
  tb_precompile(tb_${name} DEPS ${arg_DEPS})
  target_link_libraries(tb_${name} PUBLIC ${arg_DEPS} PRIVATE ${arg_LINK})
endfunction()

function(tb_interface name)
  cmake_parse_arguments(arg "" "" "DEPS" ${ARGN})
  tb_sees_contract(sees_contract ${arg_DEPS})
  add_library(tb_${name} INTERFACE)
  set_target_properties(tb_${name} PROPERTIES TB_SEES_CONTRACT ${sees_contract})
  add_library(tokenbroker::${name} ALIAS tb_${name})
  target_include_directories(tb_${name} INTERFACE ${PROJECT_SOURCE_DIR})
  target_link_libraries(tb_${name} INTERFACE ${arg_DEPS})
endfunction()

function(tb_binary name)
  cmake_parse_arguments(arg "" "" "SRCS;DEPS" ${ARGN})
  add_executable(${name} ${arg_SRCS})
  tb_flags(${name})
  tb_precompile(${name} DEPS ${arg_DEPS})
  target_link_libraries(${name} PRIVATE ${arg_DEPS})
endfunction()

# Tests of these parts link nothing but our own code and plain libraries, so they can be judged by a sanitizer: label "core",
# target core_tests.
set(TB_CORE_PARTS base token storage timers telemetry config http contract broker forward outbound targets simulation)
# Corpora run on one thread, and some of them link protobuf, which is not compiled for ThreadSanitizer.
if(NOT TOKENBROKER_SANITIZE MATCHES thread)
  list(APPEND TB_CORE_PARTS fuzz)
endif()
add_custom_target(core_tests)

function(tb_test name)
  cmake_parse_arguments(arg "" "" "SRCS;DEPS" ${ARGN})
  add_executable(${name} ${arg_SRCS})
  tb_flags(${name})
  tb_precompile(${name} TEST DEPS ${arg_DEPS})
  target_link_libraries(${name} PRIVATE ${arg_DEPS} GTest::gmock GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
  cmake_path(GET CMAKE_CURRENT_SOURCE_DIR FILENAME part)
  if(part IN_LIST TB_CORE_PARTS)
    set_tests_properties(${name} PROPERTIES LABELS core)
    add_dependencies(core_tests ${name})
  endif()
endfunction()
