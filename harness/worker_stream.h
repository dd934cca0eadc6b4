// One output stream of a worker: its bytes as they come, cut into lines.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/readable_pipe.hpp>

#include "harness/clock.h"
#include "harness/lines.h"

namespace moe {

struct WorkerStream {
  boost::asio::readable_pipe pipe;
  std::array<char, 1 << 16> buffer{};
  Lines lines;
  bool open = true;
  std::size_t bytes = 0;             // that came
  double came_s = steady_seconds();  // when the last of them had been dealt with

  explicit WorkerStream(boost::asio::io_context& context) : pipe(context) {}

  /// Calls `read` whenever something came, and once when the stream has ended.
  template <typename Read>
  void listen(Read read) {
    pipe.async_read_some(boost::asio::buffer(buffer),
                         [this, read](const boost::system::error_code& failure, std::size_t size) {
                           lines.add({buffer.data(), size});
                           open = !failure;
                           read();
                           bytes += size;
                           came_s =
                               steady_seconds();  // later than it came where the listener is slow
                           if (open) listen(read);
                         });
  }
};

/// Handles what comes within a twentieth of a second; waits for it also when all streams are
/// closed.
void turn(boost::asio::io_context&);

/// Reads what is left in the pipes of a worker that has ended. What comes behind is of somebody who
/// got them from the worker and has left its group.
void drain(boost::asio::io_context&, const WorkerStream& out, const WorkerStream& err);

}  // namespace moe
