#include "models/checkpoint/checkpoint.h"

#include <gtest/gtest.h>

#include "tests/models/checkpoint/small_checkpoint.h"

namespace moe {
namespace {

void write_index(const TemporaryFolder& folder, const Json& index) {
  folder.write("model.safetensors.index.json", index.dump());
}

TEST(checkpoint, every_parameter_of_every_family_is_read_in_every_dtype) {
  for (const Family* family : families()) {
    const Config config = small_config(family->architecture);
    for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
      const TemporaryFolder folder;
      write_tensors(folder.path() / "model.safetensors", small_tensors(config, dtype));
      Checkpoint checkpoint(folder.path(), config);
      Synthetic weights(config, 7, dtype);
      for (const ParameterShape& parameter : parameters(config)) {
        const WeightView found = checkpoint.weight(parameter.name);
        EXPECT_EQ(text_of(found.bytes), text_of(weights.weight(parameter.name).bytes));
        EXPECT_EQ(found.shape, parameter.shape) << parameter.name;
        EXPECT_EQ(found.format, format_of(dtype)) << parameter.name;
      }
    }
  }
}

TEST(checkpoint, shards_hold_what_one_file_does) {
  const Config config = small_config("MixtralForCausalLM");
  const std::vector<OwnedTensor> tensors = small_tensors(config);
  const TemporaryFolder whole, parts;
  write_tensors(whole.path() / "model.safetensors", tensors);
  write_index(parts, write_shards(parts.path(), tensors, 3));
  Checkpoint one(whole.path(), config), three(parts.path(), config);
  for (const ParameterShape& parameter : parameters(config)) {
    EXPECT_EQ(text_of(one.weight(parameter.name).bytes),
              text_of(three.weight(parameter.name).bytes));
  }
}

TEST(checkpoint, weights_are_not_copied) {
  const Config config = small_config();
  const TemporaryFolder folder;
  write_tensors(folder.path() / "model.safetensors", small_tensors(config));
  Checkpoint checkpoint(folder.path(), config);
  const WeightView embedding = checkpoint.weight("embedding.weight");
  EXPECT_EQ(checkpoint.weight("embedding.weight").bytes.data(), embedding.bytes.data());
  EXPECT_EQ(embedding.rows(1, 3).bytes.data(), embedding.bytes.data() + 8 * sizeof(float));
  checkpoint.release();
  EXPECT_EQ(checkpoint.weight("embedding.weight").bytes.data(), embedding.bytes.data());
}

TEST(checkpoint, a_parameter_that_no_model_has_is_named) {
  const Config config = small_config();
  const TemporaryFolder folder;
  write_tensors(folder.path() / "model.safetensors", small_tensors(config));
  Checkpoint checkpoint(folder.path(), config);
  EXPECT_TRUE(has(message_of<Error>([&] { checkpoint.weight("blocks.9.x"); }), "blocks.9.x"));
  EXPECT_TRUE(has(message_of<Error>([&] { checkpoint_name("llama", "blocks.0.router.weight"); }),
                  "blocks.0.router.weight"));
}

TEST(checkpoint, names_the_tensor_left_over) {
  const Config config = small_config();
  std::vector<OwnedTensor> tensors = small_tensors(config);
  tensors.push_back({"model.layers.0.extra.weight", "0123", DType::f32, {1}});
  const TemporaryFolder folder;
  write_tensors(folder.path() / "model.safetensors", tensors);
  const std::string message = refusal(folder.path(), config);
  EXPECT_TRUE(has(message, "model.layers.0.extra.weight")) << message;
  EXPECT_TRUE(has(message, folder.path().string())) << message;
}

TEST(checkpoint, names_the_tensors_missing) {
  const Config config = small_config();
  std::vector<OwnedTensor> tensors = small_tensors(config);
  const std::string lost = tensors.back().name;
  tensors.pop_back();
  const TemporaryFolder folder;
  write_tensors(folder.path() / "model.safetensors", tensors);
  const std::string message = refusal(folder.path(), config);
  EXPECT_TRUE(has(message, lost) && has(message, "missing")) << message;
}

TEST(checkpoint, names_a_tensor_of_another_shape_or_dtype) {
  const Config config = small_config();
  std::vector<OwnedTensor> tensors = small_tensors(config);
  std::swap(tensors[0].shape[0], tensors[0].shape[1]);
  const TemporaryFolder folder;
  const auto file = folder.path() / "model.safetensors";
  write_tensors(file, tensors);
  std::string message = refusal(folder.path(), config);
  EXPECT_TRUE(has(message, tensors[0].name) && has(message, "[8, 10]") && has(message, "[10, 8]"));
  EXPECT_TRUE(has(message, file.string())) << message;
  write_tensors(file, small_tensors(config));
  std::string text = text_of(file);
  text.replace(text.find("\"F32\""), 5, "\"I32\"");
  folder.write("model.safetensors", text);
  message = refusal(folder.path(), config);
  EXPECT_TRUE(has(message, "I32") && has(message, file.string())) << message;
}

TEST(checkpoint, a_tied_head_and_ignored_tensors_may_lie_there) {
  Json json = small_config_json();
  std::vector<OwnedTensor> tensors = small_tensors(small_config());
  json["tie_word_embeddings"] = true;
  tensors.push_back({"model.layers.1.self_attn.rotary_emb.inv_freq", "01234567", DType::f32, {2}});
  const TemporaryFolder folder;
  write_tensors(folder.path() / "model.safetensors", tensors);
  EXPECT_EQ(refusal(folder.path(), read_config(json, "config.json")), "");
}

TEST(checkpoint, a_folder_without_weights_says_what_it_lacks) {
  const TemporaryFolder folder;
  const std::string message = refusal(folder.path(), small_config());
  EXPECT_TRUE(has(message, "model.safetensors.index.json")) << message;
}

class Sharded : public testing::Test {
 protected:
  /// The message that the folder is refused with, with this index.
  std::string with(const Json& index) const {
    write_index(folder_, index);
    std::string message = refusal(folder_.path(), config_);
    EXPECT_TRUE(message.empty() || has(message, folder_.path().string())) << message;
    return message;
  }

  Config config_ = small_config();
  TemporaryFolder folder_;
  std::vector<OwnedTensor> tensors_ = small_tensors(config_);
  Json index_ = write_shards(folder_.path(), tensors_, 2);
};

TEST_F(Sharded, opens_as_written) {
  EXPECT_EQ(with(index_), "");
}

TEST_F(Sharded, an_absent_shard_is_named) {
  index_["weight_map"][tensors_[0].name] = "model-7.safetensors";
  EXPECT_TRUE(has(with(index_), "model-7.safetensors"));
}

TEST_F(Sharded, paths_out_of_the_folder_are_refused) {
  const TemporaryFolder elsewhere;
  write_tensors(elsewhere.path() / "x", tensors_);
  const std::string relative = "../" + elsewhere.path().filename().string() + "/x";
  for (const std::string& path :
       {relative, (elsewhere.path() / "x").string(), std::string("../x"), std::string(".."),
        std::string("."), std::string(), std::string("sub/x"), std::string("x\0y", 3)}) {
    for (const OwnedTensor& tensor : tensors_) index_["weight_map"][tensor.name] = path;
    EXPECT_TRUE(has(with(index_), "shard")) << path;
  }
}

TEST_F(Sharded, a_tensor_in_two_shards_is_named) {
  std::vector<OwnedTensor> second;
  for (std::size_t i = 1; i < tensors_.size(); i += 2) second.push_back(tensors_[i]);
  second.push_back(tensors_[0]);
  write_tensors(folder_.path() / "model-1.safetensors", second);
  EXPECT_TRUE(has(with(index_), tensors_[0].name));
}

TEST_F(Sharded, an_index_that_says_otherwise_than_its_shards_is_refused) {
  Json index = index_;
  index["weight_map"][tensors_[0].name] = "model-1.safetensors";
  EXPECT_TRUE(has(with(index), tensors_[0].name));
  index = index_;
  index["weight_map"].erase(tensors_[0].name);
  EXPECT_TRUE(has(with(index), tensors_[0].name));
  index = index_;
  index["weight_map"]["ghost"] = "model-0.safetensors";
  EXPECT_TRUE(has(with(index), "ghost"));
}

TEST_F(Sharded, an_index_of_another_form_is_refused) {
  for (const Json& bad : {Json(nullptr), Json(7), Json::array(), Json::object(),
                          Json{{"weight_map", nullptr}}, Json{{"weight_map", Json::array()}},
                          Json{{"weight_map", {{"a", 7}}}}, Json{{"weight_map", Json::object()}}})
    EXPECT_NE(with(bad), "") << bad;
  for (const std::string& text : {std::string(), std::string("{"), std::string(100'000, '[')}) {
    folder_.write("model.safetensors.index.json", text);
    EXPECT_TRUE(has(refusal(folder_.path(), config_), "model.safetensors.index.json"));
  }
}

}  // namespace
}  // namespace moe
