#include "fs/cli/transfer_outcome.hpp"

#include <iostream>

#include "fs/store/etcd/etcd_client.hpp"

namespace statusfs {

void TransferOutcome::add(const std::string& name, const std::function<std::string()>& move) {
  ++count_;
  try {
    const std::string outcome = move();
    std::cout << name << ": " << outcome << '\n';
  } catch (const EtcdError& error) {
    if (!error.may_be_too_large()) {
      tell_hindrances();
      throw;
    }
    hindrances_.push_back(about(name, error.what()));
  } catch (const CommandError& error) {
    hindrances_.emplace_back(error.what());  // it names the file
  } catch (const std::exception& error) {
    hindrances_.push_back(about(name, error.what()));
  }
}

ExitStatus TransferOutcome::finish() {
  tell_hindrances();
  return hindrances_.empty() ? ExitStatus::done : ExitStatus::unusable;
}

void TransferOutcome::tell_hindrances() {
  if (hindrances_.empty()) return;
  std::cout << std::flush;
  for (const std::string& hindrance : hindrances_) std::cerr << "statusfs: " << hindrance << '\n';
  if (count_ > 1)
    std::cerr << "statusfs: " << hindrances_.size() << " of " << count_ << " files were left where they are\n";
}

}  // namespace statusfs
