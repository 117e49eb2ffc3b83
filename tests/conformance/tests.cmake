# The expression language against the public conformance suite of CEL.
if(TARGET portrisk)
  find_program(DEBIAN_PYTHON3 python3 PATHS /usr/bin NO_DEFAULT_PATH)
  add_test(NAME conformance.cel COMMAND ${DEBIAN_PYTHON3}
    ${CMAKE_CURRENT_LIST_DIR}/conformance_test.py $<TARGET_FILE:portrisk>
    ${CMAKE_CURRENT_BINARY_DIR}/conformance)
  add_test(NAME conformance.expr_cli COMMAND ${DEBIAN_PYTHON3}
    ${CMAKE_CURRENT_LIST_DIR}/expr_cli_test.py $<TARGET_FILE:portrisk>)
  set_tests_properties(conformance.cel conformance.expr_cli PROPERTIES
    TIMEOUT 300 SKIP_RETURN_CODE 77
    ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
endif()
