#include "results/batch_writer.h"

#include "harness/clock.h"
#include "results/owned_rows.h"
#include "results/owner.h"

namespace moe {
namespace {

constexpr double kWaitSeconds = 0.5;
constexpr std::size_t kMostWaiting = 2000;  // some tens of milliseconds of writing

}  // namespace

BatchWriter::BatchWriter(Store& store, std::int64_t run)
    : store_(store), run_(run), events_(store), beat_s_(steady_seconds()) {}

void BatchWriter::add(TimedEvent event) {
  add([this, event = std::move(event)] { events_.write(run_, event); });
}

void BatchWriter::add(std::function<void()> write) {
  if (waiting_.empty()) oldest_s_ = steady_seconds();
  waiting_.push_back(std::move(write));
}

void BatchWriter::write_if_due() {
  const double now_s = steady_seconds();
  const bool old = !waiting_.empty() && now_s - oldest_s_ >= kWaitSeconds;
  if (old || waiting_.size() >= kMostWaiting || now_s - beat_s_ >= kBeatSeconds) write();
}

void BatchWriter::write(const std::function<void()>& work) {
  with_sqlite(store_.file(), [&] {
    SQLite::Transaction transaction(store_.connection().db, SQLite::TransactionBehavior::IMMEDIATE);
    sign_of_life(store_, kRuns, run_);
    for (const auto& write_one : waiting_) write_one();
    if (work) work();
    transaction.commit();
  });
  waiting_.clear();
  beat_s_ = steady_seconds();
}

}  // namespace moe
