// Copies within the mount: copy_file_range(2), which cp and cat use.
//
// Without it the kernel copies through a pipe, 64 KiB at a time, and each piece would be taken for a value.
#include <algorithm>
#include <cerrno>

#include "fs/fuse/operations.hpp"
#include "fs/fuse/request.hpp"

namespace statusfs {
namespace {

bool is_scratch(const OpenFile& file) { return std::holds_alternative<ScratchPlace>(file.inode().place); }

// One copy is one write. The kernel shortens what was asked for to the size that it knows of the source. Where a value
// is longer by now, a part of it would be copied, and a part would be a field's value: programs read and write
// themselves after EINVAL.
void copy_range(fuse_req_t request, fuse_ino_t, off_t source_offset, fuse_file_info* source_info, fuse_ino_t target_id,
                off_t target_offset, fuse_file_info* target_info, std::size_t asked_size, int) {
  guarded(request, target_id, [&](Mount& mount) -> Reply {
    const auto source = mount.files.find(source_info->fh);
    const auto target = mount.files.find(target_info->fh);
    if (!source || !target) return reply_error(EBADF);
    const std::size_t size = std::min<std::size_t>(asked_size, largest_write);
    std::string part = read_part(request, *source, size + 1, static_cast<std::uint64_t>(source_offset));
    const bool is_all = part.size() <= size;
    if (!is_all && !(is_scratch(*source) && is_scratch(*target))) return reply_error(EINVAL);
    part.resize(std::min(part.size(), size));
    if (part.empty()) return [](fuse_req_t to) { fuse_reply_write(to, 0); };
    return write_part(request, target, part, static_cast<std::uint64_t>(target_offset),
                      WriteCall::copy);  // O_APPEND is EBADF
  });
}

}  // namespace

void add_copy_operations(fuse_lowlevel_ops& table) { table.copy_file_range = copy_range; }

}  // namespace statusfs
