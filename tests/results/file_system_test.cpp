// Network file systems are known by their numbers, and looked for where the file really lies.
#include "results/file_system.h"

#include <gtest/gtest.h>

#include "harness/error.h"
#include "results/store.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

namespace fs = std::filesystem;

TEST(file_system, knows_those_of_networks) {
  EXPECT_EQ(network_file_system(0x6969), "NFS");
  EXPECT_EQ(network_file_system(0xFF534D42), "CIFS");
  EXPECT_EQ(network_file_system(0x01021997), "9p");
  EXPECT_EQ(network_file_system(0x0BD00BD0), "Lustre");
  EXPECT_TRUE(network_file_system(0x65735546).starts_with("FUSE"));
}

TEST(file_system, lets_local_ones_pass) {
  for (const std::uint32_t local : {0xEF53U, 0x58465342U, 0x9123683EU, 0x01021994U, 0x794C7630U})
    EXPECT_EQ(network_file_system(local), "");  // ext4, XFS, Btrfs, tmpfs, overlay
}

TEST(file_system, is_that_of_a_links_target) {
  const TemporaryFolder here, there;
  fs::create_directory(there.path() / "deep");
  fs::create_symlink(there.path() / "deep" / "b.sqlite", here.path() / "a.sqlite");
  EXPECT_EQ(folder_of(here.path() / "a.sqlite"), there.path() / "deep")
      << "the target is not there";
  there.write("deep/b.sqlite", "");
  EXPECT_EQ(folder_of(here.path() / "a.sqlite"), there.path() / "deep");
}

TEST(file_system, follows_relative_links_and_links_to_links) {
  const TemporaryFolder here;
  fs::create_directory(here.path() / "sub");
  fs::create_symlink("sub/b.sqlite", here.path() / "a.sqlite");
  fs::create_symlink("c.sqlite", here.path() / "sub" / "b.sqlite");
  EXPECT_EQ(folder_of(here.path() / "a.sqlite"), here.path() / "sub");
  EXPECT_EQ(folder_of("plain.sqlite"), ".");
}

TEST(file_system, does_not_follow_a_circle_for_ever) {
  const TemporaryFolder here;
  fs::create_symlink("b", here.path() / "a");
  fs::create_symlink("a", here.path() / "b");
  EXPECT_THROW(folder_of(here.path() / "a"), Error);
  EXPECT_THROW(const Store store(here.path() / "a"), Error);
}

}  // namespace
}  // namespace moe
