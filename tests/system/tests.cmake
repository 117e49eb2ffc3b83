# Whole-system tests: real processes, real sockets, real disks.
if(TARGET portriskd)
  room_tests(system portrisk::service)
  add_dependencies(system_tests portriskd portrisk)
  # A thousand kills: run by hand.
  add_executable(kill_many system/kill_many.cc)
  target_link_libraries(kill_many PRIVATE portrisk::service portrisk_flags
    GTest::gtest)
  target_compile_definitions(kill_many PRIVATE
    PORTRISK_BINARY_DIR="${CMAKE_BINARY_DIR}")
  add_dependencies(kill_many portriskd)
endif()
