#include "fs/store/etcd/commit_sender.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace statusfs {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds between_fences{100};

std::size_t size_of(const CommitBatch& batch) {
  std::size_t size = 0;
  for (const auto& item : batch) size += item->request.size;
  return size;
}

SendResult result_of_answer(const CommitBatch& batch, EtcdTransactionResult answer) {
  using Kind = SendResult::Kind;
  if (answer.succeeded) return {Kind::applied, answer.revision};
  SendResult result;
  const auto written = revision_written(batch, answer);
  result.kind = written ? Kind::applied_before : Kind::lost_race;
  result.revision = written.value_or(0);
  result.answer = std::move(answer);
  return result;
}

// gRPC breaks a call off, 0.5 MiB above what etcd takes, before it is sent as a whole; then why cannot be read.
SendResult did_not_arrive(const CommitBatch& batch) {
  const std::size_t size = size_of(batch);
  if (size <= EtcdClient::always_taken) return {SendResult::Kind::not_arrived};
  return {SendResult::Kind::refused, 0, StoreStatus::too_large,
          "a request of " + std::to_string(size) + " bytes was broken off; it takes 1.5 MiB by default"};
}

}  // namespace

CommitSender::CommitSender(EtcdClient& client, QuorumMonitor& monitor, UnknownOutcomes& unknown, CommitKeys keys,
                           Wait wait)
    : client_(client), monitor_(monitor), unknown_(unknown), keys_(std::move(keys)), wait_(std::move(wait)) {}

SendResult CommitSender::send(const CommitBatch& batch, std::int64_t counter_revision, const LineChange& change) {
  const Sent sent{batch, counter_revision, change, Clock::now()};
  try {
    EtcdTransactionResult answer =
        client_.transact(commit_transaction(keys_, batch, counter_revision, change), transaction_patience);
    monitor_.prove(sent.at);
    SendResult result = result_of_answer(batch, std::move(answer));
    result.change = change;
    result.took = Clock::now() - sent.at;
    return result;
  } catch (const EtcdError& error) {
    // The lease may have ended; then nothing was done.
    if (error.kind() == EtcdError::Kind::refused && change.lease != 0) return send(batch, counter_revision, {});
    return failed(sent, error);
  } catch (const std::exception&) {
    return outcome_unknown(sent);  // an answer that cannot be read is none
  }
}

SendResult CommitSender::failed(const Sent& sent, const EtcdError& error) {
  using Kind = SendResult::Kind;
  switch (error.kind()) {
    case EtcdError::Kind::unknown:
      return outcome_unknown(sent);
    case EtcdError::Kind::unavailable:
      return {Kind::failed, 0, StoreStatus::lost, error.what()};
    case EtcdError::Kind::no_space:
      return is_full(sent, error.what());
    case EtcdError::Kind::too_large:
      return {Kind::refused, 0, StoreStatus::too_large, error.what()};
    case EtcdError::Kind::refused:
    case EtcdError::Kind::compacted:
      break;
  }
  return {Kind::refused, 0, StoreStatus::refused, error.what()};
}

// etcd checks its quota twice, and what it says after the second time it says of a transaction that it has applied.
SendResult CommitSender::is_full(const Sent& sent, const std::string& reason) try {
  const auto record = client_.range({sent.batch.back()->request.record_key}, transaction_patience);
  const auto written = revision_written(sent.batch, record);
  if (!written) return {SendResult::Kind::failed, 0, StoreStatus::no_space, reason};
  SendResult result{SendResult::Kind::applied, *written};
  result.change = sent.change;
  return result;
} catch (const std::exception&) {
  return outcome_unknown(sent);
}

SendResult CommitSender::outcome_unknown(const Sent& sent) {
  const auto deadline = sent.at + longest_wait;
  for (auto now = Clock::now(); now < deadline; now = Clock::now()) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - now);
    const FenceResult found = unknown_.ask(sent.batch, sent.counter_revision, std::min(transaction_patience, left));
    switch (found.kind) {
      case FenceResult::Kind::applied:
        return {SendResult::Kind::found_applied, found.revision};
      case FenceResult::Kind::not_applied:
        return did_not_arrive(sent.batch);
      case FenceResult::Kind::undecided:
      case FenceResult::Kind::no_answer:
        break;
    }
    if (!wait_(between_fences)) break;
  }
  unknown_.keep(sent.batch, sent.counter_revision);
  return {SendResult::Kind::failed, 0, StoreStatus::failed,
          "outcome unknown: etcd did not answer; record " + sent.batch.back()->request.record_hash +
              " is looked for when it does"};
}

}  // namespace statusfs
