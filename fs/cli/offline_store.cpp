#include "fs/cli/offline_store.hpp"

#include <filesystem>
#include <iostream>

#include "fs/cli/exit_status.hpp"

namespace statusfs {

LocalOptions offline_options(const std::string& signing_key) {
  LocalOptions options;
  if (signing_key.empty()) return options;
  try {
    options.signing_key = std::make_shared<const SigningKey>(SigningKey::read(signing_key));
  } catch (const KeyError& error) {
    throw CommandError(ExitStatus::unusable, error.what());
  }
  return options;
}

void warn_of_old_signature(const StatusTarget& target, const std::string& signing_key) {
  std::error_code error;
  if (!signing_key.empty() || !std::filesystem::exists(target.path + ".sig", error)) return;
  std::cerr << "statusfs: " << target.path
            << ".sig may be of an earlier version now: statusfs recover --signing-key, or the next mount with the key, "
               "writes it anew\n";
}

}  // namespace statusfs
