#include "models/target.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "models/library.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

std::string failure(std::string_view spec) {
  return message_of<Error>([&] { config_of(resolve_target(spec)); });
}

std::string dense_config() {
  return required(bundled_config("demo-dense"), "no config demo-dense").dump();
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(target, a_bundled_config_with_seeded_weights) {
  const Target target = resolve_target("synthetic:demo-moe@seed=7,dtype=bf16,top_k=1");
  EXPECT_EQ(target.kind, TargetKind::synthetic);
  EXPECT_EQ(target.what, "synthetic:demo-moe");
  EXPECT_EQ(integer_of(target, "seed", 0), 7);
  const Config config = config_of(target);
  EXPECT_EQ(config.layers[0].feed_forward.experts_per_token, 1);
  EXPECT_EQ(dtype_of(target, config), DType::bf16);
  EXPECT_EQ(device_of(target), "cpu");
  EXPECT_TRUE(has(target.name, "demo-moe") && has(target.name, "top_k=1"));
}

TEST(target, layers_and_length_may_be_cut_but_not_stretched) {
  EXPECT_EQ(config_of(resolve_target("synthetic:mixtral-8x7b-v0.1@layers=2")).layers.size(), 2U);
  EXPECT_EQ(config_of(resolve_target("synthetic:llama-2-7b@max_length=128")).max_positions, 128);
  EXPECT_TRUE(has(failure("synthetic:llama-2-7b@layers=33"), "32"));
  EXPECT_EQ(config_of(resolve_target("synthetic:llama-2-7b@max_length=4096")).max_positions, 4096);
  const std::string message = failure("synthetic:llama-2-7b@max_length=4097");
  EXPECT_TRUE(has(message, "4097") && has(message, "4096")) << message;
}

TEST(target, activations_are_float32_on_the_fast_kernels_whatever_the_weights_are) {
  const std::string spec = "synthetic:demo-moe@dtype=bf16";
  const Target plain = resolve_target(spec + ",numerics=reference"),
               fast = resolve_target(spec + ",numerics=fast");
  EXPECT_EQ(numerics_of(plain), "reference");
  EXPECT_EQ(numerics_of(fast), "fast");
  EXPECT_EQ(activation_dtype_of(plain, config_of(plain)), DType::bf16);
  EXPECT_EQ(activation_dtype_of(fast, config_of(fast)), DType::f32);
  EXPECT_EQ(dtype_of(fast, config_of(fast)), DType::bf16);
}

TEST(target, log_probabilities_are_rounded_where_it_is_asked_for) {
  const auto softmax = [](const std::string& keys) {
    const Target target = resolve_target("synthetic:demo-moe" + keys);
    return softmax_dtype_of(target, config_of(target));
  };
  EXPECT_EQ(softmax("@dtype=bf16"), DType::f32);
  EXPECT_EQ(softmax("@dtype=bf16,softmax_dtype=float32"), DType::f32);
  EXPECT_EQ(softmax("@dtype=bf16,softmax_dtype=model"), DType::bf16);
  EXPECT_EQ(softmax("@dtype=f16,softmax_dtype=model"), DType::f16);
  EXPECT_TRUE(has(failure("synthetic:demo-moe@softmax_dtype=bf16"), "model"));
}

TEST(target, runs_on_the_fast_kernels_where_there_are_any_unless_it_is_told) {
  const auto numerics = [](const std::string& keys) {
    return numerics_of(resolve_target("synthetic:demo-moe" + keys));
  };
  EXPECT_EQ(numerics(""), "fast");
  EXPECT_EQ(numerics("@device=cpu"), "fast");
  EXPECT_EQ(numerics("@device=cuda"), "reference");
  EXPECT_EQ(numerics("@numerics=reference"), "reference");
}

TEST(target, may_be_given_a_budget_of_keys_and_values_which_makes_no_other_target_of_it) {
  const auto budget = [](const std::string& size) {
    return kv_budget_of(resolve_target("synthetic:demo-moe@kv_budget=" + size));
  };
  EXPECT_EQ(kv_budget_of(resolve_target("synthetic:demo-moe")), 0);
  EXPECT_EQ(budget("4096"), 4096);
  EXPECT_EQ(budget("3kB"), 3000);
  EXPECT_EQ(budget("512MiB"), std::int64_t{512} << 20U);
  EXPECT_EQ(budget("2GB"), 2'000'000'000);
  for (const std::string wrong :
       {"0", "-1", "2 GB", "1.5GiB", "GiB", "2gb", "9223372036854775807GB"})
    EXPECT_TRUE(has(failure("synthetic:demo-moe@kv_budget=" + wrong), "kv_budget=" + wrong));
  EXPECT_EQ(identity_of(resolve_target("synthetic:demo-moe@kv_budget=2GB"), "w"),
            identity_of(resolve_target("synthetic:demo-moe"), "w"));
}

TEST(target, keeps_weights_as_its_key_says) {
  const auto kept = [](const std::string& keys) {
    const Target target = resolve_target("synthetic:demo-moe@dtype=bf16" + keys);
    return kept_as(target, config_of(target));
  };
  EXPECT_EQ(kept("").quantisation, Quantisation::none);
  EXPECT_EQ(kept(",weights=none").quantisation, Quantisation::none);
  EXPECT_EQ(kept(",weights=int4").quantisation, Quantisation::int4);
  EXPECT_EQ(kept(",weights=int4").dtype, DType::bf16);
  EXPECT_TRUE(kept("").packed);
  EXPECT_FALSE(kept(",numerics=reference").packed);
  const std::string message = failure("synthetic:demo-moe@weights=int8,numerics=reference");
  EXPECT_TRUE(has(message, "weights=int8") && has(message, "numerics=fast")) << message;
  EXPECT_TRUE(has(failure("synthetic:demo-moe@weights=int8,device=cuda"), "numerics=fast"));
  EXPECT_TRUE(has(failure("synthetic:demo-moe@weights=int3"), "mxfp4"));
}

TEST(target, is_the_same_one_whether_its_numerics_are_written_out_or_not) {
  const auto identity = [](const std::string& keys) {
    return identity_of(resolve_target("synthetic:demo-moe" + keys), "weights");
  };
  EXPECT_EQ(identity(""), identity("@numerics=fast"));
  EXPECT_NE(identity(""), identity("@numerics=reference"));
}

TEST(target, every_wrong_key_or_value_is_named) {
  EXPECT_TRUE(has(failure("synthetic:demo-moe@colour=red"), "colour"));
  EXPECT_TRUE(has(failure("synthetic:demo-moe@colour=red"), "top_k"));
  for (const char* bad :
       {"seed=-1", "seed=x", "seed=1x", "dtype=f8", "threads=0", "top_k=0", "numerics=quick",
        "numerics=invariant", "device=tpu", "device=cuda:", "device=cuda:x", "seed", "seed=", "=1",
        "max_length=1", "layers=0", "seed=99999999999999999999", "seed=1,", "seed=1,,dtype=f32"}) {
    const std::string message = failure(std::string("synthetic:demo-moe@") + bad);
    EXPECT_NE(message, "") << bad;
  }
  EXPECT_TRUE(has(failure("synthetic:demo-moe@numerics=fast,device=cuda"), "device=cpu"));
  EXPECT_TRUE(has(failure("synthetic:demo-moe@seed=1,seed=2"), "twice"));
  EXPECT_TRUE(has(failure("synthetic:demo-dense@top_k=1"), "top_k"));
  EXPECT_TRUE(has(failure("synthetic:demo-moe@top_k=1000"), "top_k"));
}

TEST(target, what_is_nowhere_says_where_it_was_looked_for) {
  EXPECT_TRUE(has(failure("synthetic:nothing"), "demo-moe"));
  EXPECT_TRUE(has(failure("no-such-folder"), "moebench list targets"));
  EXPECT_TRUE(has(failure("http://localhost:8000"), "server"));
  for (const char* bad : {"", "@seed=1", "/", "synthetic:", "a/b/c", "./x"})
    EXPECT_NE(failure(bad), "") << bad;
  const TemporaryFolder empty;
  EXPECT_TRUE(has(failure(empty.path().string()), "config.json"));
}

TEST(target, escapes_stand_for_the_signs_that_divide) {
  const TemporaryFolder folder;
  folder.write("a@b,c/config.json", dense_config());
  const std::string escaped = (folder.path() / "a%40b%2Cc").string();
  const Target target = resolve_target(escaped + "@dtype=f32");
  EXPECT_EQ(target.directory.filename(), "a@b,c");
  EXPECT_EQ(dtype_of(target, config_of(target)), DType::f32);
  EXPECT_EQ(resolve_target(escaped).directory, target.directory);
}

TEST(target, seeds_and_layers_are_for_seeded_weights_only) {
  const TemporaryFolder folder;
  folder.write("m/config.json", dense_config());
  for (const char* keys : {"@seed=1", "@layers=1"})
    EXPECT_TRUE(has(failure((folder.path() / "m").string() + keys), "synthetic"));
}

TEST(target, a_repository_is_found_in_the_hugging_face_cache) {
  const TemporaryFolder folder;
  const char* variable = std::getenv("HF_HUB_CACHE");
  const std::string before = variable == nullptr ? "" : variable;
  setenv("HF_HUB_CACHE", folder.path().c_str(), 1);
  const std::string root = "models--org--name/";
  folder.write(root + "refs/main", "0123abc\n");
  folder.write(root + "snapshots/0123abc/config.json", dense_config());
  const Target target = resolve_target("org/name");
  EXPECT_EQ(target.directory, folder.path() / root / "snapshots/0123abc");
  EXPECT_EQ(target.name, "name");
  EXPECT_EQ(resolve_target("org/name@revision=0123abc").directory, target.directory);
  EXPECT_TRUE(
      has(failure("org/name@revision=other"), "moebench fetch model org/name --revision other"));
  EXPECT_TRUE(has(failure("org/else"), folder.path().string()));
  if (before.empty())
    unsetenv("HF_HUB_CACHE");
  else
    setenv("HF_HUB_CACHE", before.c_str(), 1);
}

TEST(target, a_folder_is_named_after_the_model) {
  const TemporaryFolder folder;
  constexpr const char* kNames[][2] = {
      {"models--mistralai--Mistral-7B-v0.1/snapshots/26bca36bde8333b5d7f72e9ed20ccda6a618af24",
       "Mistral-7B-v0.1"},
      {"models--gpt2/snapshots/26bca36", "gpt2"},
      {"mine/snapshots", "snapshots"},
      {"stories/hf", "stories"},
      {"my-model", "my-model"}};
  for (const auto& [path, name] : kNames) {
    folder.write(std::string(path) + "/config.json", dense_config());
    for (const char* slashes : {"", "/", "//"})
      EXPECT_EQ(resolve_target((folder.path() / path).string() + slashes).name, name);
  }
}

TEST(target, identity_changes_with_either_file_of_the_tokenizer) {
  const TemporaryFolder folder;
  folder.write("config.json", dense_config());
  std::set<std::string> identities;
  const auto add = [&] {
    identities.insert(identity_of(resolve_target(folder.path().string()), "w"));
    return identities.size();
  };
  EXPECT_EQ(add(), 1U);
  folder.write("tokenizer.json", "{}");
  EXPECT_EQ(add(), 2U);
  folder.write("tokenizer_config.json", R"({"bos_token": "<s>"})");
  EXPECT_EQ(add(), 3U);
  folder.write("tokenizer_config.json", R"({"bos_token": null})");
  EXPECT_EQ(add(), 4U);
  EXPECT_EQ(add(), 4U);
}

TEST(target, identity_changes_with_config_weights_and_keys) {
  const auto identity = [](std::string_view spec, std::string_view weights) {
    return identity_of(resolve_target(spec), weights);
  };
  const std::string base = identity("synthetic:demo-moe", "w");
  EXPECT_EQ(base.size(), 64U);
  EXPECT_EQ(base, identity("synthetic:demo-moe", "w"));
  EXPECT_NE(base, identity("synthetic:demo-moe", "v"));
  EXPECT_NE(base, identity("synthetic:demo-dense", "w"));
  EXPECT_NE(base, identity("synthetic:demo-moe@seed=1", "w"));
  EXPECT_EQ(identity("synthetic:demo-moe@seed=1,dtype=f32", "w"),
            identity("synthetic:demo-moe@dtype=f32,seed=1", "w"));
}

}  // namespace
}  // namespace moe
