# What is installed and packaged: the program, plans, analysis, the headers that plug-ins are compiled against.
include(CMakePackageConfigHelpers)

# A package must not build tests and micro-benchmarks first.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/ipcmark)

install(TARGETS ipcmark ipcmark_transport EXPORT ipcmark_targets)
install(EXPORT ipcmark_targets NAMESPACE ipcmark:: FILE ipcmark-targets.cmake DESTINATION ${package_dir})
file(WRITE ${PROJECT_BINARY_DIR}/ipcmark-config.cmake
     "include(\${CMAKE_CURRENT_LIST_DIR}/ipcmark-targets.cmake)\n")
# A plug-in belongs to the version it was compiled against: the contract's headers are hashed.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/ipcmark-config-version.cmake COMPATIBILITY ExactVersion)
install(FILES ${PROJECT_BINARY_DIR}/ipcmark-config.cmake ${PROJECT_BINARY_DIR}/ipcmark-config-version.cmake
        DESTINATION ${package_dir})

install(DIRECTORY transports DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ipcmark
        FILES_MATCHING PATTERN *.hpp PATTERN tests EXCLUDE PATTERN examples EXCLUDE)
install(FILES ${PROJECT_BINARY_DIR}/generated/transports/contract.hpp
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ipcmark/transports)

install(DIRECTORY bench/plans DESTINATION ${CMAKE_INSTALL_DATADIR}/ipcmark)
install(DIRECTORY analysis DESTINATION ${CMAKE_INSTALL_DATADIR}/ipcmark USE_SOURCE_PERMISSIONS
        FILES_MATCHING PATTERN *.py PATTERN *.j2 PATTERN *.js PATTERN README.md PATTERN METHODS.md
        PATTERN tests EXCLUDE PATTERN __pycache__ EXCLUDE PATTERN .pytest_cache EXCLUDE)
install(PROGRAMS .ci/package/ipcmark-analysis TYPE BIN)
# From the program's own help, when it is installed: no build waits for it.
set(man_page ${PROJECT_BINARY_DIR}/ipcmark.1)
install(CODE "execute_process(COMMAND /usr/bin/python3 ${PROJECT_SOURCE_DIR}/.ci/package/man_page.py $<TARGET_FILE:ipcmark>
                              OUTPUT_FILE ${man_page} COMMAND_ERROR_IS_FATAL ANY)")
install(FILES ${man_page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES README.md CHANGELOG.md TYPE DOC)
install(FILES LICENSE TYPE DOC RENAME copyright)
install(FILES results/README.md TYPE DOC RENAME records.md)
install(FILES transports/README.md TYPE DOC RENAME transports.md)
install(DIRECTORY transports/examples/plugin DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples
        FILES_MATCHING PATTERN *.cpp PATTERN CMakeLists.txt PATTERN README.md PATTERN build EXCLUDE)

set(CPACK_GENERATOR DEB TGZ)
set(CPACK_PACKAGE_CONTACT "the authors of ipcmark <ipcmark@localhost>")
set(CPACK_PACKAGE_VENDOR "ipcmark")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
# The program's libraries are found in it; these run the analysis.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "python3, python3-numpy, python3-scipy, python3-matplotlib, python3-jinja2")
include(CPack)
