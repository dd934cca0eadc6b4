#include "cli/write_file.h"

#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <system_error>

#include "harness/error.h"

namespace moe {
namespace {

namespace fs = std::filesystem;

/// `shown` is the file as the user knows it.
void write_to(const fs::path& file, const fs::path& shown,
              const std::function<void(std::ostream&)>& write) {
  errno = 0;
  std::ofstream out(file, std::ios::binary);
  require(out.good(), "{}: cannot be written: {}", shown.string(),
          std::generic_category().message(errno));
  write(out);
  out.close();
  require(out.good(), "{}: cannot be written to its end; is the disk full?", shown.string());
}

}  // namespace

void refuse_database(const fs::path& file) {
  std::error_code failed;
  if (!fs::is_regular_file(file, failed)) return;
  constexpr std::string_view kMagic = "SQLite format 3";
  std::string start(kMagic.size(), '\0');
  std::ifstream in(file, std::ios::binary);
  require(in.is_open(), "{}: cannot be read, so it may be what must not be lost: give another file",
          file.string());
  in.read(start.data(), static_cast<std::streamsize>(start.size()));
  require(start != kMagic, "{}: is an SQLite database, which would be lost: give another file",
          file.string());
}

void write_whole(const fs::path& file, const std::function<void(std::ostream&)>& write) {
  std::error_code failed;
  if (fs::exists(file, failed) && !fs::is_regular_file(file, failed))
    return write_to(file, file, write);
  refuse_database(file);
  fs::path final = fs::weakly_canonical(file, failed);  // a link goes on leading to its file
  if (failed) final = file;
  const fs::path part = final.string() + fmt::format(".part-{}", getpid());
  try {
    write_to(part, file, write);
    fs::rename(part, final, failed);
    require(!failed, "{}: cannot be written: {}", file.string(), failed.message());
  } catch (...) {
    fs::remove(part, failed);
    throw;
  }
}

}  // namespace moe
