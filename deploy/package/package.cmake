# What is installed where, and the Debian package of it (deploy/package/build).
# Two programs are packed, not all that there is to build.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY TRUE)
set(PACKAGE_DIR ${CMAKE_CURRENT_LIST_DIR})
set(SHARE share/portrisk)
set(DOC share/doc/portrisk)

install(TARGETS portrisk portriskd RUNTIME DESTINATION bin)
install(DIRECTORY deploy/rules/ DESTINATION ${SHARE}/rules
  FILES_MATCHING PATTERN "*.yaml")
install(DIRECTORY deploy/mappings DESTINATION ${SHARE})
install(FILES deploy/reference/places.csv DESTINATION ${SHARE}/reference)
install(DIRECTORY deploy/sample DESTINATION ${SHARE}
  FILES_MATCHING PATTERN "*.edi" PATTERN "*.jsonl" PATTERN "*.tsv")
install(DIRECTORY deploy/prometheus deploy/grafana DESTINATION ${SHARE})
# For those who write a client.
install(DIRECTORY proto DESTINATION ${SHARE}
  FILES_MATCHING PATTERN "*.proto")
install(PROGRAMS deploy/container/probe DESTINATION lib/portrisk)
install(FILES deploy/systemd/portriskd.service DESTINATION lib/systemd/system)
install(FILES deploy/RUNBOOK.md deploy/INTEGRATORS.md deploy/ANALYSTS.md
  deploy/OFFICERS.md deploy/ACCESS.md deploy/PRIVACY.md scoring/RULES.md
  scoring/AGGREGATES.md deploy/package/README.Debian DESTINATION ${DOC})
install(FILES deploy/package/copyright DESTINATION ${DOC})
install(FILES ${CMAKE_BINARY_DIR}/man/portrisk.1.gz
  DESTINATION share/man/man1 OPTIONAL)
install(FILES ${CMAKE_BINARY_DIR}/man/portriskd.8.gz
  DESTINATION share/man/man8 OPTIONAL)
install(FILES ${CMAKE_BINARY_DIR}/man/changelog.gz DESTINATION ${DOC}
  OPTIONAL)
install(FILES deploy/package/portriskd.conf deploy/package/roles.yaml
  DESTINATION /etc/portrisk)
install(DIRECTORY DESTINATION /etc/portrisk/tls)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME portrisk)
set(CPACK_PACKAGE_CONTACT
  "portrisk maintainers <maintainers@portrisk.invalid>")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_SET_DESTDIR ON)  # For what lies outside of the prefix: /etc.
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION misc)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"scores movements of shipping containers against customs criteria
A gRPC server (portriskd) that scores each movement of a container against
targeting rules, with the reason for every point, and its command line
(portrisk). With the common rule sets, a table of ports and the protocol
files that a client is written from.")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "systemd, ca-certificates")
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${PACKAGE_DIR}/conffiles ${PACKAGE_DIR}/postinst ${PACKAGE_DIR}/prerm
  ${PACKAGE_DIR}/postrm)
include(CPack)
