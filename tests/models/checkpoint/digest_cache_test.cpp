#include "models/checkpoint/digest_cache.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <optional>

#include "tests/models/checkpoint/small_checkpoint.h"

namespace moe {
namespace {

namespace fs = std::filesystem;

/// With a cache of the test's own.
class DigestCache : public testing::Test {
 protected:
  DigestCache() {
    if (const char* before = std::getenv("XDG_CACHE_HOME")) before_ = before;
    setenv("XDG_CACHE_HOME", (folder_.path() / "cache").c_str(), 1);
  }
  ~DigestCache() override {
    if (before_) {
      setenv("XDG_CACHE_HOME", before_->c_str(), 1);
    } else {
      unsetenv("XDG_CACHE_HOME");
    }
  }

  /// The digest of `file`; counts how often its bytes were read.
  std::string digest(const fs::path& file) {
    return cached_digest({file}, [&](Sha256& sha256) {
      ++computed_;
      sha256.update(text_of(file));
    });
  }

  static void touch(const fs::path& file) {
    fs::last_write_time(file, fs::last_write_time(file) + std::chrono::seconds(2));
  }

  TemporaryFolder folder_;
  std::optional<std::string> before_;
  int computed_ = 0;
};

TEST_F(DigestCache, reads_a_file_once) {
  const fs::path file = folder_.write("a", "text");
  const std::string first = digest(file);
  EXPECT_EQ(first, sha256_hex("text"));
  EXPECT_EQ(digest(file), first);
  EXPECT_EQ(computed_, 1);
}

TEST_F(DigestCache, reads_it_again_when_its_size_or_time_changes) {
  const fs::path file = folder_.write("a", "text");
  const std::string first = digest(file);
  folder_.write("a", "TEXT");
  touch(file);
  EXPECT_NE(digest(file), first);
  folder_.write("a", "longer text");
  EXPECT_EQ(digest(file), sha256_hex("longer text"));
  EXPECT_EQ(computed_, 3);
}

TEST_F(DigestCache, tells_files_apart) {
  const fs::path a = folder_.write("a", "one"), b = folder_.write("b", "two");
  fs::last_write_time(b, fs::last_write_time(a));
  EXPECT_NE(digest(a), digest(b));
}

TEST_F(DigestCache, a_broken_entry_or_a_cache_that_cannot_be_written_costs_time_alone) {
  const fs::path file = folder_.write("a", "text");
  digest(file);
  for (const auto& entry : fs::recursive_directory_iterator(folder_.path() / "cache"))
    if (entry.is_regular_file()) std::ofstream(entry.path()) << "half a dig";
  EXPECT_EQ(digest(file), sha256_hex("text"));
  setenv("XDG_CACHE_HOME", "/dev/null/nowhere", 1);
  EXPECT_EQ(digest(file), sha256_hex("text"));
  EXPECT_EQ(digest(file), sha256_hex("text"));
  EXPECT_EQ(computed_, 4);
}

TEST_F(DigestCache, a_checkpoints_digest_is_that_of_its_weights) {
  const Config config = small_config();
  std::vector<OwnedTensor> tensors = small_tensors(config);
  fs::create_directories(folder_.path() / "one");
  fs::create_directories(folder_.path() / "two");
  write_tensors(folder_.path() / "one/model.safetensors", tensors);
  const Json index = write_shards(folder_.path() / "two", tensors, 2);
  folder_.write("two/model.safetensors.index.json", index.dump());
  const std::string one = Checkpoint(folder_.path() / "one", config).digest();
  EXPECT_EQ(one, Checkpoint(folder_.path() / "one", config).digest());
  EXPECT_EQ(one, Checkpoint(folder_.path() / "two", config).digest());
  tensors[0].bytes[0] ^= 1;
  write_tensors(folder_.path() / "one/model.safetensors", tensors);
  touch(folder_.path() / "one/model.safetensors");
  EXPECT_NE(one, Checkpoint(folder_.path() / "one", config).digest());
}

}  // namespace
}  // namespace moe
