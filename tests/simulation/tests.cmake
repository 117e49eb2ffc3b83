# The engine on a virtual clock and a disk that fails, from seeds: some of them
# as tests, thousands by hand (simulation_test.cc).
file(GLOB SIMULATION CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.cc)
add_executable(simulation_tests ${SIMULATION})
target_link_libraries(simulation_tests PRIVATE portrisk::service
  portrisk_flags RocksDB::rocksdb-shared CLI11::CLI11 GTest::gtest)
gtest_discover_tests(simulation_tests DISCOVERY_TIMEOUT 60
  PROPERTIES TIMEOUT 300)
