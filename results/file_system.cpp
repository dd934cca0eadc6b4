#include "results/file_system.h"

#include <sys/vfs.h>

#include <algorithm>
#include <array>

#include "harness/error.h"

namespace moe {
namespace {

namespace fs = std::filesystem;

struct NetworkFileSystem {
  std::uint32_t type;  // statfs f_type, linux/magic.h or the file system's own sources
  std::string_view name;
};

constexpr auto kNetwork = std::to_array<NetworkFileSystem>({
    {0x6969, "NFS"},
    {0x517B, "SMB"},
    {0xFF534D42, "CIFS"},
    {0xFE534D42, "SMB 2"},
    {0x01021997, "9p"},
    {0x65735546, "FUSE: sshfs, virtiofs, s3fs, ..."},
    {0x564C, "NCP"},
    {0x5346414F, "AFS"},
    {0x6B414653, "AFS"},
    {0x73757245, "Coda"},
    {0x00C36400, "Ceph"},
    {0x0BD00BD0, "Lustre"},
    {0x47504653, "GPFS"},
    {0x19830326, "BeeGFS"},
    {0x20030528, "OrangeFS"},
    {0xAAD7AAEA, "PanFS"},
    {0x7461636F, "OCFS2"},
    {0x01161970, "GFS2"},
    {0x786F4256, "VirtualBox shared folder"},
    {0xBACBACBC, "VMware shared folder"},
});

}  // namespace

std::string_view network_file_system(std::uint32_t type) {
  const auto found = std::ranges::find(kNetwork, type, &NetworkFileSystem::type);
  return found == kNetwork.end() ? "" : found->name;
}

fs::path folder_of(const fs::path& file) {
  constexpr int kMostLinks = 40;  // as the kernel
  fs::path at = file;
  std::error_code none;
  for (int links = 0; fs::is_symlink(fs::symlink_status(at, none)); ++links) {
    require(links < kMostLinks, "{}: symbolic links lead in a circle", file.string());
    at = at.parent_path() / fs::read_symlink(at);  // an absolute one replaces the whole path
  }
  return at.has_parent_path() ? at.parent_path() : fs::path(".");
}

void refuse_network(const fs::path& file) {
  const fs::path folder = folder_of(file);
  struct statfs about{};
  if (statfs(folder.c_str(), &about) != 0) return;  // opening says what is wrong with the folder
  const std::string_view name = network_file_system(static_cast<std::uint32_t>(about.f_type));
  require(name.empty(),
          "{}: {} lies on a network file system ({}), where processes of several machines would "
          "break SQLite's write-ahead log; keep the store on a local disk (--db "
          "/tmp/moebench.sqlite, or MOEBENCH_DB) and copy the file when the run has ended",
          file.string(), folder.string(), name);
}

}  // namespace moe
