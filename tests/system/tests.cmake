# Whole-system tests: real processes, real sockets, real disks.
if(TARGET portriskd)
  room_tests(system portrisk::service)
  add_dependencies(system_tests portriskd portrisk)
endif()
