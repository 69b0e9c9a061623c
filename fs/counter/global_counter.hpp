// The global counter g, from which every mutation draws its number.
#pragma once

#include <cstdint>
#include <memory>

#include "mapping/document/value.hpp"

namespace statusfs {

/// No number is ever drawn twice, and none that is not larger than all drawn before and all given to raise().
///
/// A group of mutations begins a lease, draws a number for each, commits the lease, and only then makes its records
/// durable: after a crash numbers may be missing, but none comes again. Numbers of a lease that is dropped without
/// commit() belong to nobody; they come again only where no one can have seen them, else they are missing for ever.
///
/// A counter whose numbers become durable together with the records (etcd) must know when that is over: a lease is
/// destroyed only after the store was given its numbers, or when it is sure that no store will be.
///
/// Thread safety: counters by any thread, each lease by one thread at a time. A lease must not outlive its counter.
/// Lock order: a lease may hold locks (of the state file) from begin() to commit(). It is begun after the lock of the
/// status file was taken, and whoever has one waits for nothing else than the disk.
///
/// Failures are Rejections, and then no number of the lease may be used: busy (another program held the counter too
/// long), no_space, quota, io_failure, and read_only where the counter cannot be used until somebody repaired it.
class GlobalCounter {
 public:
  class Lease {
   public:
    Lease() = default;
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    virtual ~Lease() = default;

    /// The next number. Precondition: not committed.
    virtual std::int64_t next() = 0;
    /// The numbers drawn are durable when it returns, and the lease holds nothing any more. To be called at most once.
    virtual void commit() = 0;
    /// Instead of commit(), before the lease is dropped: others wrote first, and the same will be asked for again.
    virtual void lost_to_others() {}
  };

  /// Of one number, while it lives.
  class Claim {
   public:
    Claim() = default;
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;
    virtual ~Claim() = default;
  };

  virtual ~GlobalCounter() = default;

  virtual std::unique_ptr<Lease> begin() = 0;
  /// For a number that another program chose: nobody draws or claims it while the claim lives, and it is to be given to
  /// raise() before that ends if it is used. nullptr where a mutation may have it already, or where no number may be
  /// left out (etcd). A counter from which other programs draw, too (of a state file), cannot tell, and takes their
  /// word for it.
  virtual std::unique_ptr<Claim> claim(std::int64_t /*g*/) { return std::make_unique<Claim>(); }
  /// A number that is used elsewhere (a status file that appeared in SOURCE): only larger ones are drawn from now on.
  virtual void raise(std::int64_t g) = 0;
};

/// The largest g: every JSON reader has it exactly.
inline constexpr std::int64_t largest_g = largest_exact_integer;

}  // namespace statusfs
