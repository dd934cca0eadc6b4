// A config.json without a dtype: that of the stored embedding, whatever the other tensors are.
#include "models/stored_dtype.h"

#include <gtest/gtest.h>

#include "harness/error.h"
#include "models/target.h"
#include "tests/models/checkpoint/small_checkpoint.h"

namespace moe {
namespace {

/// The dtype of a target in a folder whose config.json says `named`, or nothing.
DType dtype_in(const TemporaryFolder& folder, const char* named = nullptr) {
  Json json = small_config_json();
  if (named != nullptr) json["torch_dtype"] = named;
  folder.write("config.json", json.dump());
  return config_of(resolve_target(folder.path().string())).dtype;
}

std::vector<OwnedTensor> tensors_with_embedding(DType dtype) {
  std::vector<OwnedTensor> tensors = small_tensors(small_config());
  for (OwnedTensor& tensor : tensors) {
    if (tensor.name != "model.embed_tokens.weight") continue;
    tensor.dtype = dtype;
    tensor.bytes.resize(tensor.bytes.size() / 4 * static_cast<std::size_t>(size_of(dtype)));
  }
  return tensors;
}

TEST(stored_dtype, is_the_embeddings_where_the_config_names_none) {
  for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
    const TemporaryFolder folder;
    write_tensors(folder.path() / "model.safetensors", tensors_with_embedding(dtype));
    EXPECT_EQ(dtype_in(folder), dtype);
    EXPECT_EQ(dtype_in(folder, "float16"), DType::f16);
  }
}

TEST(stored_dtype, is_found_in_the_shard_that_the_index_names) {
  const TemporaryFolder folder;
  const Json index = write_shards(folder.path(), tensors_with_embedding(DType::bf16), 3);
  folder.write("model.safetensors.index.json", index.dump());
  EXPECT_EQ(dtype_in(folder), DType::bf16);
}

TEST(stored_dtype, without_weights_is_left_to_whoever_opens_them) {
  const TemporaryFolder folder;
  EXPECT_EQ(dtype_in(folder), DType::f32);
  folder.write("model.safetensors", "short");
  EXPECT_EQ(dtype_in(folder), DType::f32);
  folder.write("model.safetensors", std::string(8, '\xff') + "{}");
  EXPECT_EQ(dtype_in(folder), DType::f32);
}

TEST(stored_dtype, that_weights_do_not_have_is_named_with_file_and_tensor) {
  const TemporaryFolder folder;
  const std::string header = R"({"model.embed_tokens.weight": {"dtype": "F8_E4M3"}})";
  folder.write("model.safetensors",
               std::string(1, static_cast<char>(header.size())) + std::string(7, '\0') + header);
  const std::string message = message_of<Error>([&] { dtype_in(folder); });
  for (const char* part : {"model.safetensors", "model.embed_tokens.weight", "F8_E4M3"})
    EXPECT_TRUE(has(message, part)) << message;
}

}  // namespace
}  // namespace moe
