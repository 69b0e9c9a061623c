// Where one status file lives: the interface that the engine writes through.
//
// A store makes mutations durable, tells of changes that others made, and never loses what it acknowledged. The local
// store (fs/store/local) keeps a journal and a JSON file; a networked one can implement the same.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mapping/chain/journal_record.hpp"
#include "mapping/document/value.hpp"
#include "mapping/tree/status_document.hpp"

namespace statusfs {

/// What a store holds of a status file.
struct StoredFile {
  enum class State {
    chained,    ///< the document is the journal's head; writes are taken
    unchained,  ///< shown read-only until it is adopted: no journal, and no hashes that verify
    unusable,   ///< cannot be shown; `reason` says why
  };
  State state = State::unusable;
  std::string reason;                              ///< for people; of unchained and unusable
  bool may_pass = false;                           ///< the reason may, by itself: load() is to be tried again
  std::shared_ptr<const StatusDocument> document;  ///< set unless unusable
  ChainHead head;                                  ///< of chained
  std::chrono::system_clock::time_point modified;  ///< last change of the file
  bool has_foreign_content = false;                ///< of chained: prepare() will say so, unless it goes until then
  std::vector<std::string> notices;                ///< what recovery did: torn line dropped, JSON rebuilt, ...
};

/// One mutation, stamped, hashed and encoded.
struct CommitEntry {
  std::string record;                              ///< journal line without newline
  ChainHead head;                                  ///< after it
  std::shared_ptr<const StatusDocument> document;  ///< after it
};

enum class StoreStatus {
  done,
  conflict,   ///< the stored file is not at the expected version any more: load again, validate anew
  foreign,    ///< another program changed the file: see foreign_change()
  busy,       ///< another program held the lock for the whole time allowed; nothing was written
  no_space,   ///< nothing was kept
  quota,      ///< nothing was kept
  failed,     ///< the disk failed: the outcome is unknown, the store takes no writes until recheck() succeeds
  lost,       ///< a networked store has no connection (no quorum); nothing was sent
  too_large,  ///< more than a networked store takes at once, or a file may have; nothing was kept
  refused,    ///< the place does not let us write; nothing was written
  gone,       ///< somebody removed the file and all that belongs to it; nothing is written any more
};

struct StoreResult {
  StoreStatus status = StoreStatus::done;
  std::string reason;  ///< for people; empty when done
};

/// Content that another program put in the JSON's place and that is not a version of ours.
struct ForeignChange {
  std::string text;         ///< the foreign bytes
  std::uint32_t owner = 0;  ///< uid of the foreign file
  std::string kept_as;      ///< file name it was set aside under; empty while it still stands in the JSON's place
};

/// How much can be made durable at once.
struct GroupLimit {
  std::size_t mutations = 1024;
  std::size_t bytes = std::size_t{64} << 20;  ///< of what the writers wrote
};

class Store {
 public:
  virtual ~Store() = default;

  /// The newest durable state, recovered where needed. Does not throw for bad content (unusable says so); throws
  /// std::system_error where the directory itself cannot be used.
  virtual StoredFile load() = 0;

  /// Trouble that no caller hears of, and its end, for people.
  using Trouble = std::function<void(const std::string& message)>;
  /// Who is told, from any thread; he must not throw, nor call the store. Once it returns nobody else is told.
  virtual void tell_trouble_to(Trouble /*told*/) {}

  // The calls below are made by one thread at a time, the engine's commit thread.

  /// Keeps no document in memory any more, if that is possible now: then load() is to be called before anything else.
  /// What is held on disk (the journal's lock) stays held.
  virtual bool forget_document() { return false; }

  /// The file was removed or has another name now: what is held of it on disk is let go, and nothing is written to it
  /// any more.
  virtual void let_go() {}

  /// Whether something else has taken the place that it was opened in (another directory has the name): nothing is
  /// written there any more, and what stands there is to be opened anew. Any thread; cheap.
  virtual bool is_displaced() { return false; }

  /// To be called before a group is built: takes what must be held while committing (the local store's lock) and looks
  /// whether the file is still what it was. Blocks up to the allowed time.
  virtual StoreResult prepare() = 0;

  /// Takes over what others wrote until now, where that is not known at once anyway. done: there is nothing new.
  /// Otherwise as prepare().
  virtual StoreResult look_for_news() { return {}; }

  /// Whether prepare() would no longer return done because others wrote, as far as that is known at once: what was
  /// judged since is to be judged again.
  virtual bool has_news() { return false; }

  /// Makes the entries durable, in order, all or none, as successors of `expected_version`. Only after prepare()
  /// returned done.
  virtual StoreResult commit(std::uint64_t expected_version, std::span<const CommitEntry> entries) = 0;

  /// Versions that other hosts made and this store took over, since the last call, oldest first; the store stands
  /// behind the last of them. prepare() returns conflict as long as there are some.
  virtual std::vector<CommitEntry> take_versions() { return {}; }

  /// The head, where prepare() returned conflict because it stands in another record now, and nothing else is new:
  /// the journal was closed. Once; after that prepare() may return done, as after load().
  virtual std::optional<ChainHead> take_continuation() { return std::nullopt; }

  virtual GroupLimit group_limit() const { return {}; }

  /// What prepare() found when it returned foreign. It stays until it was resolved.
  virtual std::optional<ForeignChange> foreign_change() = 0;
  /// The engine adopted it: its content is about to be committed as a version, then written by the store again.
  virtual void accept_foreign() = 0;
  /// It was accepted and says nothing that could be a version: the last good version takes its place. Then it is
  /// resolved; or why not.
  virtual StoreResult write_over_accepted() = 0;
  /// It could not be committed: nothing may be written over it, and prepare() returns foreign again.
  virtual void withdraw_acceptance() = 0;
  /// Keeps it as <file>.foreign-<n> and puts the last good version back. The name it has now, or why not; then it
  /// stands where it stood, and is not accepted.
  virtual StoreResult set_foreign_aside(std::string& kept_as) = 0;

  /// Begins a chain with the entry (adopt, init): there must be no journal yet. The JSON is written before it returns.
  virtual StoreResult begin(const CommitEntry& entry) = 0;

  /// After `failed`: reads everything back from the disk. done: the store takes writes again and stands at head().
  virtual StoreResult recheck() = 0;

  /// Hands over the lines of the durable record, newest first, until `visit` returns false. Throws std::system_error.
  virtual void visit_records_backwards(const std::function<bool(std::string_view line)>& visit) = 0;

  /// Everything committed is in the JSON and on disk when it returns. Any thread.
  virtual StoreResult settle() = 0;

  /// Whether the stored file is not what this store left there: then prepare() (or, read-only, load()) is to be called.
  /// Any thread; cheap.
  virtual bool looks_changed() = 0;
  /// What was mended since the last call, for people. Any thread.
  virtual std::vector<std::string> take_notices() = 0;

  /// How many lines the durable record has up to the head, those that repeat a version included: an anchor's line
  /// number. By the commit thread. Throws std::runtime_error.
  virtual std::uint64_t record_count();

  /// The first version that there is a record of. Any thread; throws as read_records().
  virtual std::uint64_t first_version();
  /// Calls `visit` with the record of every version above `after_version`, oldest first, until it returns false. May go
  /// beyond what was acknowledged, and may repeat a version (is_rotation). Any thread. Throws std::runtime_error where
  /// the records cannot be read.
  virtual void read_records(std::uint64_t after_version, const std::function<bool(std::string_view record)>& visit) = 0;
  /// The same from the record on that, at or before `version`, last bore the whole document. Any thread; throws as
  /// read_records().
  virtual void read_records_from_whole(std::uint64_t version,
                                       const std::function<bool(std::string_view record)>& visit);
  /// The content that set_foreign_aside() kept under this name. Throws std::runtime_error.
  virtual std::string read_foreign(const std::string& kept_as) = 0;
};

}  // namespace statusfs
