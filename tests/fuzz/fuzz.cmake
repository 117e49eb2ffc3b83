# Each tests/fuzz/<name>_fuzz.cc is a libFuzzer program <name>_fuzz. The preset
# `fuzz` builds them with clang and sanitizers; `ctest -R fuzz` runs each for a
# moment, and by hand one runs for as long as one likes:
#   build/fuzz/tests/edifact_fuzz -max_total_time=600 corpus/
if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  message(FATAL_ERROR
    "libFuzzer comes with clang: configure with the preset `fuzz`, or set "
    "CMAKE_CXX_COMPILER to clang++")
endif()

# These need no more than scoring/, and are built much sooner.
set(FUZZERS_OF_SCORING cel_fuzz expression_fuzz rule_set_fuzz state_fuzz)

# The fuzzer steers by coverage, so what it exercises must report it.
foreach(LIBRARY scoring store service)
  target_compile_options(portrisk_${LIBRARY} PRIVATE
    -fsanitize=fuzzer-no-link)
endforeach()

file(GLOB FUZZERS CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*_fuzz.cc)
foreach(SOURCE ${FUZZERS})
  get_filename_component(NAME ${SOURCE} NAME_WE)
  add_executable(${NAME} ${SOURCE})
  if(NAME IN_LIST FUZZERS_OF_SCORING)
    target_link_libraries(${NAME} PRIVATE portrisk::scoring portrisk_flags)
  else()
    target_link_libraries(${NAME} PRIVATE portrisk::service portrisk_flags)
  endif()
  target_compile_options(${NAME} PRIVATE -fsanitize=fuzzer)
  target_link_options(${NAME} PRIVATE -fsanitize=fuzzer)
  add_test(NAME fuzz.${NAME}
    COMMAND ${NAME} -runs=20000 -max_total_time=30 -seed=1 -timeout=10)
endforeach()
