#include "harness/worker_stream.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <chrono>

namespace moe {
namespace {

constexpr std::chrono::milliseconds kTick{50};
constexpr double kQuiet_s = 2;                        // without a byte
constexpr std::size_t kLeft = std::size_t{1} << 20U;  // bytes; no pipe holds more of who has ended

}  // namespace

void turn(boost::asio::io_context& context) {
  context.restart();
  const auto guard = boost::asio::make_work_guard(context);
  context.run_for(kTick);
}

void drain(boost::asio::io_context& context, const WorkerStream& out, const WorkerStream& err) {
  const double began = steady_seconds();
  const std::size_t before = out.bytes + err.bytes;
  const auto waited = [&] { return steady_seconds() - std::max({began, out.came_s, err.came_s}); };
  while ((out.open || err.open) && out.bytes + err.bytes - before < kLeft && waited() < kQuiet_s)
    turn(context);
}

}  // namespace moe
