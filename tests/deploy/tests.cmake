# What an operator gets: the package, the unit, the manifests.
if(TARGET portriskd AND TARGET portrisk)
  find_program(DEBIAN_PYTHON3 python3 PATHS /usr/bin NO_DEFAULT_PATH)
  add_test(NAME deploy.package COMMAND ${DEBIAN_PYTHON3}
    ${CMAKE_CURRENT_LIST_DIR}/package_test.py ${CMAKE_BINARY_DIR})
  add_test(NAME deploy.kubernetes COMMAND ${DEBIAN_PYTHON3}
    ${CMAKE_CURRENT_LIST_DIR}/kubernetes_test.py $<TARGET_FILE:portriskd>
    $<TARGET_FILE:portrisk> ${CMAKE_CURRENT_BINARY_DIR}/kubernetes)
  add_test(NAME deploy.pages COMMAND ${DEBIAN_PYTHON3}
    ${CMAKE_CURRENT_LIST_DIR}/pages_test.py $<TARGET_FILE:portrisk>)
  set_tests_properties(deploy.package deploy.kubernetes deploy.pages PROPERTIES
    TIMEOUT 300 SKIP_RETURN_CODE 77
    ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
endif()
