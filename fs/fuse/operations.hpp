// The FUSE operations of statusfs, one short function each.
#pragma once

#include "fs/fuse/fuse_library.hpp"
#include "fs/fuse/mount.hpp"

namespace statusfs {

/// For fuse_session_new, whose user data must be a Mount.
fuse_lowlevel_ops operations();

// Each fills in the operations of its file.
void add_inode_operations(fuse_lowlevel_ops& table);      // operations_inode.cpp: lookup, forget, getattr, setattr, statfs
void add_file_operations(fuse_lowlevel_ops& table);       // operations_file.cpp: open, read, write, flush, release, fsync
void add_directory_operations(fuse_lowlevel_ops& table);  // operations_directory.cpp: opendir, readdir, readdirplus
void add_namespace_operations(fuse_lowlevel_ops& table);  // operations_namespace.cpp: mkdir, rmdir, and all that is refused

/// Throws what opening this inode for writing would be refused with.
void require_open_for_write(Mount& mount, const Inode& inode, const Author& author);

}  // namespace statusfs
