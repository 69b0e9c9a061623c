# What is installed besides the program, and the Debian package (cpack -G DEB in the build directory).

# Manuals and the changelog are installed compressed, as Debian wants them.
find_program(GZIP gzip REQUIRED)
set(compressed_files "")
function(statusfs_compressed source name destination)
  set(compressed ${CMAKE_BINARY_DIR}/package/${name}.gz)
  add_custom_command(OUTPUT ${compressed}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/package
    COMMAND ${GZIP} -9 -n -c ${source} > ${compressed}
    DEPENDS ${source} VERBATIM)
  set(compressed_files ${compressed_files} ${compressed} PARENT_SCOPE)
  install(FILES ${compressed} DESTINATION ${destination})
endfunction()

statusfs_compressed(${CMAKE_SOURCE_DIR}/fs/cli/statusfs.1 statusfs.1 ${CMAKE_INSTALL_MANDIR}/man1)
statusfs_compressed(${CMAKE_SOURCE_DIR}/fs/package/statusfs.5 statusfs.5 ${CMAKE_INSTALL_MANDIR}/man5)
statusfs_compressed(${CMAKE_SOURCE_DIR}/fs/package/changelog changelog ${CMAKE_INSTALL_DOCDIR})
add_custom_target(statusfs_package_files ALL DEPENDS ${compressed_files})

install(FILES fs/package/copyright README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES fs/package/statusfs.yaml fs/package/plans.conf mapping/exec_status.v1.yaml
  DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
install(FILES mapping/schema/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME mapping.md)
install(FILES mapping/chain/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME journal.md)
install(FILES fs/package/bash_completion DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME statusfs)
# The unit starts the program where it is installed, and where that is, is known only then: cpack says /usr.
install(CODE "set(STATUSFS_BINDIR \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}\")
  configure_file(\"${CMAKE_SOURCE_DIR}/fs/package/statusfs@.service.in\" \"${CMAKE_BINARY_DIR}/package/statusfs@.service\" @ONLY)")
install(FILES ${CMAKE_BINARY_DIR}/package/statusfs@.service DESTINATION lib/systemd/system)

# cpack packs what was built, and builds nothing itself.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME statusfs)
set(CPACK_PACKAGE_VENDOR statusfs)
set(CPACK_PACKAGE_CONTACT "statusfs maintainers <maintainers@statusfs.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "file system of task progress in JSON status files")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
  "Mounts a directory of exec_status JSON files as a tree with a file for every
field of every task. A write becomes a validated, attributed, durable and
hash-chained change of the JSON, or is refused and changes nothing.
.
The package has the mount helper for mount -t fuse.statusfs and /etc/fstab, a
systemd service template, and a self-test.")
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS fuse3)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
