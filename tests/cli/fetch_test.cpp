// The verb fetch, as a user runs it, against a hub on this machine.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

#include "datasets/dataset.h"
#include "tests/cli/program.h"
#include "tests/datasets/stand_in_hub.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

class FetchVerb : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = why_no_downloads()) GTEST_SKIP() << *why;
  }

  StandInHub& hub() {
    if (!hub_) hub_.emplace(folder_.path() / "hub");
    return *hub_;
  }

  Ran run(const std::vector<std::string>& arguments) {
    Variables variables = hub().variables(folder_.path() / "home");
    variables["MOEBENCH_DATA"] = (folder_.path() / "data").string();
    return moebench(arguments, folder_.path(), variables);
  }

  TemporaryFolder folder_;

 private:
  std::optional<StandInHub> hub_;
};

/// Rows as the hub's repository has them, of the items of one subset.
std::string mmlu_rows(const std::vector<Item>& items, const std::string& subset) {
  std::string rows;
  for (const Item& item : items) {
    rows += nlohmann::json{{"question", item.question},
                           {"subject", subset},
                           {"choices", item.choices},
                           {"answer", item.gold}}
                .dump() +
            "\n";
  }
  return rows;
}

/// A whole checkpoint of a dense model of width 8: every weight is zero.
void write_checkpoint(const TemporaryFolder& folder, const std::filesystem::path& to) {
  folder.write(to / "config.json",
               R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 8,
    "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1, "intermediate_size": 16,
    "vocab_size": 16, "max_position_embeddings": 64, "rms_norm_eps": 1e-05, "rope_theta": 10000.0,
    "tie_word_embeddings": false, "hidden_act": "silu", "torch_dtype": "float32"})");
  const std::string layer = "model.layers.0.";
  const std::vector<std::pair<std::string, std::vector<std::size_t>>> shapes = {
      {"model.embed_tokens.weight", {16, 8}},
      {"model.norm.weight", {8}},
      {"lm_head.weight", {16, 8}},
      {layer + "input_layernorm.weight", {8}},
      {layer + "post_attention_layernorm.weight", {8}},
      {layer + "self_attn.q_proj.weight", {8, 8}},
      {layer + "self_attn.k_proj.weight", {4, 8}},
      {layer + "self_attn.v_proj.weight", {4, 8}},
      {layer + "self_attn.o_proj.weight", {8, 8}},
      {layer + "mlp.gate_proj.weight", {16, 8}},
      {layer + "mlp.up_proj.weight", {16, 8}},
      {layer + "mlp.down_proj.weight", {8, 16}}};
  nlohmann::ordered_json header;
  std::size_t end = 0;
  for (const auto& [name, shape] : shapes) {
    const std::size_t begin = end;
    end += sizeof(float) * shape[0] * (shape.size() == 2 ? shape[1] : 1);
    header[name] = {{"dtype", "F32"}, {"shape", shape}, {"data_offsets", {begin, end}}};
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const std::uint64_t length = text.size();
  std::string file(sizeof(length), '\0');
  std::memcpy(file.data(), &length, sizeof(length));
  file += text;
  file.resize(file.size() + end, '\0');
  folder.write(to / "model.safetensors", file);
}

TEST_F(FetchVerb, a_fetched_model_is_a_target_of_other_verbs) {
  write_checkpoint(folder_, "hub/models/tiny/dense");
  const std::vector<std::string> inspect = {"inspect",  "logits", "--target", "tiny/dense",
                                            "--tokens", "3,14",   "--json"};
  const Ran before = run(inspect);
  EXPECT_EQ(before.code, 2);
  EXPECT_NE(before.err.find("moebench fetch model tiny/dense"), std::string::npos) << before.err;
  const Ran fetched = run({"fetch", "model", "tiny/dense"});
  ASSERT_EQ(fetched.code, 0) << fetched.err;
  EXPECT_NE(fetched.out.find("models--tiny--dense"), std::string::npos) << fetched.out;
  const Ran after = run(inspect);
  ASSERT_EQ(after.code, 0) << after.err;
  EXPECT_EQ(nlohmann::json::parse(after.out).at("logits").size(), 2U);
}

TEST_F(FetchVerb, exits_with_2_for_a_wrong_name_and_1_where_the_hub_cannot_be_reached) {
  EXPECT_EQ(run({"fetch", "model", "tiny/nosuch"}).code, 2);
  EXPECT_EQ(run({"fetch", "dataset", "nosuch"}).code, 2);
  const Ran card = run({"fetch", "model", "mixtral-8x7b"});
  EXPECT_EQ(card.code, 2);
  EXPECT_NE(card.err.find("mistralai/Mixtral-8x7B"), std::string::npos) << card.err;
  const Ran lacking = run({"fetch", "dataset", "mmlu"});
  EXPECT_EQ(lacking.code, 2);
  EXPECT_NE(lacking.err.find("cais/mmlu"), std::string::npos) << lacking.err;
  EXPECT_EQ(run({"fetch", "dataset", "world"}).code, 0) << "generated: there is nothing to fetch";
  hub().stop();
  EXPECT_EQ(run({"fetch", "model", "tiny/nosuch"}).code, 1);
}

TEST_F(FetchVerb, a_dataset_whose_records_are_not_the_pinned_ones_is_refused_with_both_digests) {
  folder_.write("hub/datasets/karpathy/tiny_shakespeare/input.txt", "Not to be.\n");
  const Ran ran = run({"fetch", "dataset", "tinyshakespeare"});
  EXPECT_EQ(ran.code, 2) << ran.err;
  EXPECT_NE(ran.err.find("pinned is " + find_dataset("tinyshakespeare").splits.at(0).sha256),
            std::string::npos)
      << ran.err;
}

TEST_F(FetchVerb, the_records_of_mmlu_arrive_as_pinned) {
  const char* data = std::getenv("MOEBENCH_DATA");  // NOLINT(concurrency-mt-unsafe): one thread
  if (data == nullptr || std::string_view(data).empty())
    GTEST_SKIP() << "MOEBENCH_DATA, a folder with MMLU, is not set";
  const Dataset& mmlu = find_dataset("mmlu");
  for (const Split& split : mmlu.splits) {
    for (const std::string& subset : mmlu.subsets) {
      folder_.write(
          "hub/datasets/cais/mmlu/" + subset + "/" + split.name + "-00000-of-00001.parquet.jsonl",
          mmlu_rows(load(mmlu, subset, split.name, data), subset));
    }
  }
  const Ran ran = run({"fetch", "dataset", "mmlu"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  for (const Split& split : mmlu.splits) {
    EXPECT_NE(ran.err.find("mmlu " + split.name + ": sha256 " + split.sha256 + ", as pinned"),
              std::string::npos)
        << ran.err;
  }
  EXPECT_EQ(digest(mmlu, "test", folder_.path() / "data"), find_split(mmlu, "test").sha256);
}

}  // namespace
}  // namespace moe
