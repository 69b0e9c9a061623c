// The numbers 0, 1 and 2 of a process.
#pragma once

namespace statusfs {

/// Puts /dev/null where standard input, output or error is closed (`2>&-`), so that no file that is opened later, a
/// journal for one, gets the number to which messages are written. On a closed standard output it cannot be written,
/// and is found to be so by whoever prints. To be called before anything is opened. False where there is no /dev/null.
bool keep_standard_descriptors() noexcept;

}  // namespace statusfs
