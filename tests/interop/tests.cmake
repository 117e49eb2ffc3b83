# The server as others see it: clients in another language, files and commands.
if(TARGET portriskd AND TARGET portrisk)
  find_program(DEBIAN_PYTHON3 python3 PATHS /usr/bin NO_DEFAULT_PATH)
  set(INTEROP ${CMAKE_CURRENT_LIST_DIR})
  add_test(NAME interop.score COMMAND ${DEBIAN_PYTHON3}
    ${INTEROP}/score_test.py $<TARGET_FILE:portriskd>)
  add_test(NAME interop.calls COMMAND ${DEBIAN_PYTHON3}
    ${INTEROP}/calls_test.py $<TARGET_FILE:portriskd>)
  add_test(NAME interop.node COMMAND ${DEBIAN_PYTHON3}
    ${INTEROP}/node_test.py $<TARGET_FILE:portriskd>
    ${CMAKE_CURRENT_BINARY_DIR}/node)
  add_test(NAME interop.integrators COMMAND ${DEBIAN_PYTHON3}
    ${INTEROP}/integrators_test.py $<TARGET_FILE:portriskd>
    ${CMAKE_CURRENT_BINARY_DIR}/node)
  # Both install into the same folder.
  set_tests_properties(interop.node interop.integrators PROPERTIES
    RESOURCE_LOCK interop_node)
  add_test(NAME interop.sample_day COMMAND ${DEBIAN_PYTHON3}
    ${INTEROP}/sample_day_test.py $<TARGET_FILE:portriskd>
    $<TARGET_FILE:portrisk>)
  add_test(NAME interop.secrets COMMAND ${DEBIAN_PYTHON3}
    ${INTEROP}/secrets_test.py $<TARGET_FILE:portriskd>
    $<TARGET_FILE:portrisk>)
  add_test(NAME interop.rule_life COMMAND ${DEBIAN_PYTHON3}
    ${INTEROP}/rule_life_test.py $<TARGET_FILE:portriskd>
    $<TARGET_FILE:portrisk>)
  add_test(NAME interop.simulate COMMAND ${DEBIAN_PYTHON3}
    ${INTEROP}/simulate_test.py $<TARGET_FILE:portrisk>
    $<TARGET_FILE:portriskd>)
  add_test(NAME interop.criteria COMMAND ${DEBIAN_PYTHON3}
    ${INTEROP}/criteria_test.py $<TARGET_FILE:portrisk>)
  add_test(NAME interop.customs_labelled COMMAND ${DEBIAN_PYTHON3}
    ${INTEROP}/customs_labelled_test.py $<TARGET_FILE:portrisk>)
  add_test(NAME interop.access COMMAND ${DEBIAN_PYTHON3}
    ${INTEROP}/access_test.py $<TARGET_FILE:portriskd>
    $<TARGET_FILE:portrisk>)
  add_test(NAME interop.telemetry COMMAND ${DEBIAN_PYTHON3}
    ${INTEROP}/telemetry_test.py $<TARGET_FILE:portriskd>
    $<TARGET_FILE:portrisk>)
  add_test(NAME interop.erase COMMAND ${DEBIAN_PYTHON3}
    ${INTEROP}/erase_test.py $<TARGET_FILE:portriskd>
    $<TARGET_FILE:portrisk>)
  add_test(NAME interop.commands COMMAND ${DEBIAN_PYTHON3}
    ${INTEROP}/commands_test.py $<TARGET_FILE:portriskd>
    $<TARGET_FILE:portrisk>)
  add_test(NAME interop.disk COMMAND ${DEBIAN_PYTHON3}
    ${INTEROP}/disk_test.py $<TARGET_FILE:portriskd>
    $<TARGET_FILE:portrisk>)
  add_test(NAME interop.data COMMAND ${DEBIAN_PYTHON3}
    ${INTEROP}/data_test.py $<TARGET_FILE:portriskd>
    $<TARGET_FILE:portrisk>)
  # What a long run of it gives: service/BAD_INPUT.md.
  add_test(NAME interop.bad_input COMMAND ${DEBIAN_PYTHON3}
    ${INTEROP}/bad_input_test.py $<TARGET_FILE:portriskd>
    $<TARGET_FILE:portrisk>)
  set_tests_properties(interop.bad_input interop.data interop.disk interop.erase
    interop.access interop.score interop.calls interop.node
    interop.integrators interop.telemetry interop.sample_day interop.rule_life
    interop.secrets interop.commands
    interop.simulate interop.criteria interop.customs_labelled
    PROPERTIES
    TIMEOUT 300 SKIP_RETURN_CODE 77
    ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
endif()
