// A page of one version of a status file.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "fs/engine/file_state.hpp"

namespace statusfs {

/// Rendered when its text is first asked for, and kept: a version never changes.
/// Thread safety: any thread.
class RenderedPage {
 public:
  /// `row`: of type page; owned by the mapping. Precondition: the state has a document.
  RenderedPage(std::shared_ptr<const FileState> state, const Field& row) : state_(std::move(state)), row_(row) {}

  const FileState& state() const noexcept { return *state_; }
  const std::string& text() const;

 private:
  const std::shared_ptr<const FileState> state_;
  const Field& row_;
  mutable std::once_flag rendered_;
  mutable std::string text_;  // written once, under rendered_
};

}  // namespace statusfs
