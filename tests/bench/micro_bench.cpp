// Micro benchmarks of what a write is made of, at several numbers of tasks, with allocations counted (Google
// Benchmark): bench_micro [--benchmark_filter=REGEX].
#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "mapping/document/canonical.hpp"
#include "mapping/document/parse.hpp"
#include "mapping/document/sha256.hpp"
#include "mapping/document/text.hpp"
#include "tests/bench/sample_plan.hpp"

namespace {

std::atomic<std::int64_t> allocations = 0;

void* counted(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace statusfs::bench {
namespace {

std::size_t task_count(const benchmark::State& state) { return static_cast<std::size_t>(state.range(0)); }

// Runs the action for as long as the benchmark asks, and reports how often it allocates, and its bytes a second where
// it has some.
template <typename Action>
void measure(benchmark::State& state, std::size_t bytes, const Action& action) {
  const std::int64_t before = allocations;
  for (auto _ : state) benchmark::DoNotOptimize(action());
  state.counters["allocations"] =
      benchmark::Counter(static_cast<double>(allocations - before), benchmark::Counter::kAvgIterations);
  if (bytes > 0) state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

void parse(benchmark::State& state) {
  const std::string text = indented_document(sample_plan(task_count(state)).root());
  measure(state, text.size(), [&] { return parse_json(text); });
}

void canonical_form(benchmark::State& state) {
  const StatusDocument document = sample_plan(task_count(state));
  measure(state, canonical(document.root()).size(), [&] { return canonical(document.root()); });
}

void sha256(benchmark::State& state) {
  const std::string text = canonical(sample_plan(task_count(state)).root());
  measure(state, text.size(), [&] { return sha256_hex(text); });
}

// The payload hash after one task changed: what a write hashes.
void hash_of_version(benchmark::State& state) {
  const StatusDocument document = sample_plan(task_count(state));
  IncrementalDigest digest(document);
  measure(state, 0, [&] {
    digest.task_changed(0, document.task(0), document.task(0));
    return digest.payload_hash(document);
  });
}

// Judged, stamped, hashed and recorded, and nothing written.
void write_field(benchmark::State& state) {
  FieldWriter writer(sample_plan(task_count(state)));
  measure(state, 0, [&] { return writer.write(); });
}

void render(benchmark::State& state) {
  const StatusDocument document = sample_plan(task_count(state));
  measure(state, indented_size(document.root()), [&] { return indented_document(document.root()); });
}

BENCHMARK(parse)->RangeMultiplier(10)->Range(10, 10'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(canonical_form)->RangeMultiplier(10)->Range(10, 10'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(sha256)->RangeMultiplier(10)->Range(10, 10'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(hash_of_version)->RangeMultiplier(10)->Range(10, 10'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(write_field)->RangeMultiplier(10)->Range(10, 10'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(render)->RangeMultiplier(10)->Range(10, 10'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace statusfs::bench

BENCHMARK_MAIN();
