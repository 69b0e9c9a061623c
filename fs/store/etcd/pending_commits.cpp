#include "fs/store/etcd/pending_commits.hpp"

#include <algorithm>
#include <utility>

namespace statusfs {
namespace {

// etcd takes 128 operations and 1.5 MiB a request.
constexpr std::size_t most_operations = 120;
constexpr std::size_t most_bytes = 1024 * 1024;
constexpr std::chrono::milliseconds longest_gathering{5};

std::size_t operations_of(const CommitRequest& request) { return request.puts.size() + request.deletes.size(); }

}  // namespace

void PendingCommits::add(std::shared_ptr<PendingCommit> commit, Clock::time_point now) {
  if (commits_.empty()) gathered_by_ = now + longest_gathering;
  const std::int64_t first_g = commit->request.first_g;
  commits_.emplace(first_g, std::move(commit));
}

CommitBatch PendingCommits::take() {
  CommitBatch batch;
  std::int64_t next = first_g();
  std::size_t operations = 0, bytes = 0;
  for (auto entry = commits_.begin(); entry != commits_.end() && entry->first == next; entry = commits_.erase(entry)) {
    const CommitRequest& request = entry->second->request;
    operations += operations_of(request);
    bytes += request.size;
    if (!batch.empty() && (operations > most_operations || bytes > most_bytes || singly_ > 0)) break;
    batch.push_back(entry->second);
    next = request.last_g + 1;
  }
  singly_ -= std::min<std::size_t>(singly_, 1);
  return batch;
}

void PendingCommits::give_up(const CommitOutcome& outcome) {
  for (auto& [first_g, commit] : commits_) commit->decide(outcome);
  commits_.clear();
}

}  // namespace statusfs
