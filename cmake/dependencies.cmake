# Everything comes from Debian 12's packages; scripts/dev setup installs them.

find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED)          # module mode, and before gRPC: Debian ships no CONFIG file for it
find_package(gRPC CONFIG REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(RocksDB CONFIG REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(CURL REQUIRED)              # outgoing calls: outcomes to their targets
find_package(ZLIB REQUIRED)              # gzip request bodies
find_package(simdjson CONFIG REQUIRED)   # whether text is UTF-8
find_package(RapidJSON CONFIG REQUIRED)  # valijson's tree
find_package(yaml-cpp CONFIG REQUIRED)
find_package(Boost 1.81 REQUIRED)        # Beast and Asio, headers only
find_package(CLI11 CONFIG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)

if(TOKENBROKER_TESTS)
  find_package(GTest CONFIG REQUIRED)
endif()
