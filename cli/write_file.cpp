#include "cli/write_file.h"

#include <unistd.h>

#include <fstream>

#include "harness/error.h"

namespace moe {
namespace {

namespace fs = std::filesystem;

void write_to(const fs::path& file, const std::function<void(std::ostream&)>& write) {
  std::ofstream out(file, std::ios::binary);
  require(out.good(), "{}: cannot be written", file.string());
  write(out);
  out.close();
  require(out.good(), "{}: cannot be written to its end; is the disk full?", file.string());
}

}  // namespace

void write_whole(const fs::path& file, const std::function<void(std::ostream&)>& write) {
  std::error_code failed;
  if (fs::exists(file, failed) && !fs::is_regular_file(file, failed)) return write_to(file, write);
  fs::path final = fs::weakly_canonical(file, failed);  // a link goes on leading to its file
  if (failed) final = file;
  const fs::path part = final.string() + fmt::format(".part-{}", getpid());
  try {
    write_to(part, write);
    fs::rename(part, final, failed);
    require(!failed, "{}: cannot be written: {}", file.string(), failed.message());
  } catch (...) {
    fs::remove(part, failed);
    throw;
  }
}

}  // namespace moe
