// How a local store behaves; the defaults are what section 7 of the contract says.
#pragma once

#include <chrono>
#include <memory>

#include "fs/signing/ed25519.hpp"
#include "fs/store/local/closed_journal_texts.hpp"
#include "fs/store/local/hold_policy.hpp"

namespace statusfs {

struct LocalOptions {
  bool read_only = false;  ///< takes no locks, writes nothing, replays in memory
  bool background = true;  ///< false: the JSON is written by settle() only, and the lock is held until then
  std::chrono::milliseconds journal_wait{5000};      ///< for an old mount that ends
  std::chrono::milliseconds lock_wait{5000};         ///< for the file's lock
  std::chrono::milliseconds writing{1000};           ///< for a program that writes the JSON in place, without the lock
  std::chrono::milliseconds idle{3000};              ///< after which the thread that writes the JSON ends
  std::uint64_t longest_journal = 5 * 1024 * 1024;   ///< bytes behind its first line, after which a journal is closed
  std::shared_ptr<const SigningKey> signing_key;     ///< what the JSON is signed with; nullptr: it is not signed
  std::shared_ptr<ClosedJournalTexts> closed_texts;  ///< shared by the stores of a mount; nullptr: none are remembered
  HoldPolicy hold;
};

}  // namespace statusfs
