#include "fs/cli/offline_store.hpp"

#include <filesystem>
#include <iostream>

#include "fs/cli/exit_status.hpp"
#include "fs/store/file_names.hpp"

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

namespace {

constexpr const char* foreign_content =
    "was changed by another program, and what stands there is no version of it; it was left there: the next mount, "
    "statusfs rollback or statusfs reconcile keeps it aside, and the file is read-only until statusfs reconcile";

}  // namespace

StoredFile load_and_settle(LocalStore& store) {
  StoredFile stored = store.load();
  if (stored.state != StoredFile::State::chained || !stored.reason.empty()) return stored;
  const StoreResult result = stored.has_foreign_content ? StoreResult() : store.settle();
  if (result.status != StoreStatus::done)
    stored.reason = result.reason;
  else if (stored.has_foreign_content || store.looks_changed())
    stored.reason = foreign_content;
  return stored;
}

void warn_of_old_signature(const StatusTarget& target, const std::string& signing_key) {
  std::error_code error;
  if (!signing_key.empty() || !std::filesystem::exists(signature_of(target.path), error)) return;
  std::cerr << "statusfs: " << signature_of(target.path)
            << " may be of an earlier version now: statusfs recover --signing-key, or the next mount with the key, "
               "writes it anew\n";
}

}  // namespace statusfs
