// Turning what goes wrong while jobs are carried out into the answer that a writer gets.
#pragma once

#include <exception>
#include <optional>
#include <string>

#include "fs/store/store.hpp"
#include "mapping/rejection.hpp"

namespace statusfs {

/// What a store's result means for the writer. Precondition: the result is not done.
Rejection rejection_of(const StoreResult& result);

/// The store has no connection for now. A Rejection alone does not tell it from a file that takes no writes.
class NoQuorum : public Rejection {
 public:
  using Rejection::Rejection;
};

/// Throws what rejection_of() says, as NoQuorum where it is that. Precondition: the result is not done.
[[noreturn]] void throw_rejection_of(const StoreResult& result);

/// Whatever the function throws becomes an answer, so that nothing can end the commit thread.
template <typename Function>
std::optional<Rejection> refusal_of(Function function) {
  try {
    function();
    return std::nullopt;
  } catch (const Rejection& rejection) {
    return rejection;
  } catch (const std::exception& error) {
    return Rejection(Cause::io_failure, std::string("internal failure: ") + error.what());
  }
}

}  // namespace statusfs
