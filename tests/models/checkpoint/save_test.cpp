// What is saved is what is read.
#include "models/checkpoint/save.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "models/target.h"
#include "tests/models/checkpoint/fused_family.h"
#include "tests/models/checkpoint/small_checkpoint.h"

namespace moe {
namespace {

namespace fs = std::filesystem;

/// Seeded values of every parameter, as a trainer would give them.
class Values {
 public:
  explicit Values(const Config& config, std::int64_t seed = 7)
      : weights_(config, seed, DType::f32) {}

  std::span<const float> operator()(std::string_view parameter) {
    const WeightView view = weights_.weight(parameter);
    values_.resize(view.bytes.size() / sizeof(float));
    std::memcpy(values_.data(), view.bytes.data(), view.bytes.size());
    if (parameter == changed_) values_.resize(size_ ? *size_ : values_.size(), value_);
    if (parameter == changed_) values_[0] = value_;
    return values_;
  }
  void change(const std::string& parameter, float value, std::optional<std::size_t> size = {}) {
    changed_ = parameter;
    value_ = value;
    size_ = size;
  }

 private:
  Synthetic weights_;
  std::vector<float> values_;
  std::string changed_;
  float value_ = 0;
  std::optional<std::size_t> size_;
};

Json json_of(std::string_view architecture, bool tied) {
  Json json = small_config_json(architecture);
  json["tie_word_embeddings"] = tied;
  json["dtype"] = "float16";  // of another place and time
  return json;
}

TEST(save, what_is_saved_is_read_bit_for_bit) {
  for (const Family* family : families()) {
    for (const bool tied : {false, true}) {
      for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
        const TemporaryFolder folder;
        const Json json = json_of(family->architecture, tied);
        save_checkpoint(folder.path() / "new", json, dtype, Values(read_config(json, "")));
        const Target target = resolve_target((folder.path() / "new").string());
        const Config config = config_of(target);
        EXPECT_EQ(config.dtype, dtype);
        Checkpoint checkpoint(target.directory, config);
        Synthetic weights(config, 7, dtype);
        for (const ParameterShape& parameter : parameters(config)) {
          EXPECT_EQ(text_of(checkpoint.weight(parameter.name).bytes),
                    text_of(weights.weight(parameter.name).bytes))
              << parameter.name;
        }
      }
    }
  }
}

TEST(save, parameters_that_share_tensors_are_put_together) {
  const TemporaryFolder folder;
  const Config config = fused_config();
  for (const DType dtype : {DType::f32, DType::bf16}) {
    save_weights(folder.path() / "model.safetensors", kFused, config, dtype, Values(config));
    Checkpoint checkpoint(folder.path(), config, kFused);
    Synthetic weights(config, 7, dtype);
    for (const ParameterShape& parameter : parameters(config)) {
      EXPECT_EQ(text_of(checkpoint.weight(parameter.name).bytes),
                text_of(weights.weight(parameter.name).bytes))
          << parameter.name;
    }
  }
}

TEST(save, config_is_as_given_but_for_its_dtype) {
  const TemporaryFolder folder;
  Json json = json_of("MixtralForCausalLM", false);
  save_checkpoint(folder.path() / "new/", json, DType::bf16, Values(read_config(json, "")));
  json.erase("dtype");
  json["torch_dtype"] = "bfloat16";
  EXPECT_EQ(Json::parse(text_of(folder.path() / "new/config.json")), json);
}

TEST(save, an_earlier_checkpoint_is_replaced_and_other_files_stay) {
  const TemporaryFolder folder;
  const fs::path place = folder.path() / "model", link = folder.path() / "link";
  const Json json = json_of("LlamaForCausalLM", true);
  const Config config = read_config(json, "");
  save_checkpoint(place, json, DType::f32, Values(config, 1));
  folder.write("model/tokenizer.json", "{}");
  fs::create_directory_symlink(place, link);
  save_checkpoint(link, json, DType::f32, Values(config, 2));
  EXPECT_EQ(text_of(Checkpoint(place, config).weight("norm.weight").bytes),
            text_of(Synthetic(config, 2, DType::f32).weight("norm.weight").bytes));
  EXPECT_EQ(text_of(place / "tokenizer.json"), "{}");
  EXPECT_EQ(std::distance(fs::directory_iterator(place), fs::directory_iterator()), 3);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 2);
}

TEST(save, what_fails_leaves_an_earlier_checkpoint_as_it_was) {
  const TemporaryFolder folder;
  const Json json = json_of("MixtralForCausalLM", false);
  const Config config = read_config(json, "");
  save_checkpoint(folder.path() / "model", json, DType::f32, Values(config));
  const std::string before = text_of(folder.path() / "model/model.safetensors");
  const auto refused = [&](DType dtype, float value, std::optional<std::size_t> size = {}) {
    Values values(config, 9);
    values.change("blocks.1.router.weight", value, size);
    return message_of<Error>(
        [&] { save_checkpoint(folder.path() / "model", json, dtype, values); });
  };
  EXPECT_EQ(refused(DType::f32, std::numeric_limits<float>::quiet_NaN()),
            "parameter blocks.1.router.weight: holds nan, which f32 does not");
  EXPECT_TRUE(has(refused(DType::f16, -1e5F), "blocks.1.router.weight: holds -100000, which f16"));
  EXPECT_EQ(refused(DType::f32, 1, 25),
            "parameter blocks.1.router.weight: 25 values; its shape is [3, 8]");
  EXPECT_EQ(text_of(folder.path() / "model/model.safetensors"), before);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
  EXPECT_EQ(refused(DType::f16, 1e4F), "");
}

TEST(save, a_place_that_cannot_be_written_is_named_and_nothing_is_left_there) {
  const TemporaryFolder folder;
  const fs::path file = folder.write("file", "text"), under_file = file / "x",
                 absent = folder.path() / "absent/x", taken = folder.path() / "taken";
  fs::create_directories(taken / "model.safetensors/full");
  const Json json = json_of("LlamaForCausalLM", false);
  for (const fs::path& place : {file, under_file, absent, taken}) {
    const std::string message = message_of<Error>(
        [&] { save_checkpoint(place, json, DType::f32, Values(read_config(json, ""))); });
    EXPECT_TRUE(has(message, place.string())) << message;
  }
  EXPECT_EQ(text_of(file), "text");
  EXPECT_FALSE(fs::exists(taken / "config.json"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 2);
}

}  // namespace
}  // namespace moe
