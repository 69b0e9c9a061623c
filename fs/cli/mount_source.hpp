// SOURCE of the command line: a directory of status files, one of them, or a prefix in etcd.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "fs/cli/mount_options.hpp"
#include "fs/counter/global_counter.hpp"
#include "fs/signing/ed25519.hpp"
#include "fs/store/etcd/etcd_client.hpp"
#include "fs/store/local/local_source.hpp"
#include "mapping/schema/mapping.hpp"

namespace statusfs {

/// Where the status files are, and where their numbers come from.
struct OpenedSource {
  std::unique_ptr<StatusSource> source;
  std::unique_ptr<GlobalCounter> own_counter;  ///< nullptr where the source has one itself
  GlobalCounter* counter = nullptr;
};

class MountSource {
 public:
  /// Throws CommandError(unusable) where SOURCE is none, and OptionError where an option does not go with its kind.
  MountSource(const std::string& source, const MountSettings& settings);

  bool is_in_etcd() const { return std::holds_alternative<EtcdAccess>(place_); }
  /// As the mount table shows it.
  const std::string& shown() const { return shown_; }
  /// Throws CommandError(mount_failed) where the mountpoint is no directory, or where it and SOURCE lie in each other.
  void require_mountpoint(const std::string& mountpoint) const;
  /// To be called once, and not before the process is in the background: threads run from then on.
  /// Throws CommandError(unusable).
  OpenedSource open(const MountSettings& settings, const std::shared_ptr<const Mapping>& mapping,
                    const std::shared_ptr<const SigningKey>& signing_key);

 private:
  std::string name_;
  std::variant<LocalPlace, EtcdAccess> place_;  // until open()
  std::string shown_;
};

}  // namespace statusfs
