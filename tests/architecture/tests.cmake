# The folders' arrows, as tests that break when one points the wrong way.
set(ARCHITECTURE ${CMAKE_CURRENT_LIST_DIR})
find_program(SYSTEM_PYTHON3 python3 PATHS /usr/bin NO_DEFAULT_PATH)
find_program(SYSTEM_PYTHON3 python3 REQUIRED)

# Links every object of LIBRARY with the libraries named and nothing else: not
# with what its own CMakeLists.txt asks for.
function(link_test LIBRARY)
  set(NAME link_${LIBRARY})
  add_executable(${NAME} ${ARCHITECTURE}/empty_main.cc)
  add_dependencies(${NAME} portrisk_${LIBRARY})
  target_link_libraries(${NAME} PRIVATE
    -Wl,--whole-archive $<TARGET_FILE:portrisk_${LIBRARY}>
    -Wl,--no-whole-archive ${ARGN})
  add_test(NAME architecture.${NAME} COMMAND ${NAME})
endfunction()

set(ABSEIL absl::base absl::cord absl::flat_hash_map absl::flat_hash_set
  absl::hash absl::status absl::statusor absl::str_format absl::strings
  absl::synchronization absl::time)
link_test(scoring portrisk::proto ${ABSEIL} PkgConfig::yaml PkgConfig::sodium
  PkgConfig::re2_library)
link_test(store portrisk::proto ${ABSEIL} RocksDB::rocksdb-shared
  PkgConfig::sodium)
link_test(service portrisk::scoring portrisk::store portrisk::grpc ${ABSEIL}
  gRPC::grpc++ gRPC::grpc++_reflection simdjson::simdjson ZLIB::ZLIB
  PkgConfig::zstd_library ${CSV_LIBRARY} PkgConfig::httplib
  prometheus-cpp::core
  CLI11::CLI11 spdlog::spdlog PkgConfig::sodium PkgConfig::re2_library yaml-cpp
  Threads::Threads)

foreach(CHECK includes sizes format)
  add_test(NAME architecture.${CHECK}
    COMMAND ${SYSTEM_PYTHON3} ${ARCHITECTURE}/check_tree.py ${CHECK}
      ${CMAKE_SOURCE_DIR})
  set_tests_properties(architecture.${CHECK} PROPERTIES SKIP_RETURN_CODE 77)
endforeach()
add_test(NAME architecture.checks_can_fail
  COMMAND ${SYSTEM_PYTHON3} ${ARCHITECTURE}/check_tree_test.py)
set_tests_properties(architecture.checks_can_fail PROPERTIES
  ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
