#include "fs/fuse/operations.hpp"

#include "fs/fuse/request.hpp"

namespace statusfs {
namespace {

void initialise(void* user_data, fuse_conn_info* connection) {
  // Truncation must come as a request of its own, which is answered with the true size: it is no value.
  connection->want &= ~static_cast<unsigned>(FUSE_CAP_ATOMIC_O_TRUNC);
  // A write must be refused where it is made, and read back from where it is kept.
  connection->want &= ~static_cast<unsigned>(FUSE_CAP_WRITEBACK_CACHE);
  connection->want &= ~static_cast<unsigned>(FUSE_CAP_AUTO_INVAL_DATA);
  connection->want |= connection->capable & (FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO);
  connection->max_write = largest_write;
  connection->max_readahead = largest_write;
  connection->time_gran = 1;
  Mount& mount = *static_cast<Mount*>(user_data);
  if (mount.on_ready) mount.on_ready();
}

}  // namespace

fuse_lowlevel_ops operations() {
  fuse_lowlevel_ops table{};
  table.init = initialise;
  add_inode_operations(table);
  add_file_operations(table);
  add_directory_operations(table);
  add_namespace_operations(table);
  add_scratch_operations(table);
  add_copy_operations(table);
  add_attribute_operations(table);
  add_watch_operations(table);
  add_board_operations(table);
  return table;
}

}  // namespace statusfs
