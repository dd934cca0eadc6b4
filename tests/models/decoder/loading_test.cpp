// Loading a checkpoint takes the memory of what is kept of it, and little besides. A program of its
// own: what other tests have freed would be taken first.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "harness/memory.h"
#include "models/decoder/decoder.h"
#include "tests/models/checkpoint/small_checkpoint.h"

namespace moe {
namespace {

constexpr std::int64_t kMiB = std::int64_t{1} << 20;
constexpr std::int64_t kThreads = 2;

/// A layer of 24 experts of 6 Mi weights each: 288 MiB in 16 bits, next to which all else is small.
Config large_config() {
  Json json = small_config_json("MixtralForCausalLM");
  json["num_hidden_layers"] = 1;
  json["hidden_size"] = 1024;
  json["intermediate_size"] = 2048;
  json["num_local_experts"] = 24;
  return read_config(json, "config.json");
}

/// A checkpoint of zeros, which takes no room on a disk but all of it once it is read.
void write_zeros(const std::filesystem::path& file, const Config& config, std::string_view dtype) {
  const std::int64_t element = dtype == "F32" ? 4 : 2;
  Json header = Json::object();
  std::int64_t end = 0;
  for (const ParameterShape& parameter : parameters(config)) {
    const std::int64_t begin = end;
    std::int64_t elements = 1;
    for (const std::int64_t n : parameter.shape) elements *= n;
    end += elements * element;
    header[checkpoint_name(config.family, parameter.name)] = {
        {"dtype", dtype}, {"shape", parameter.shape}, {"data_offsets", {begin, end}}};
  }
  const std::string text = header.dump();
  const std::uint64_t length = text.size();
  std::ofstream(file, std::ios::binary)
      << std::string_view(reinterpret_cast<const char*>(&length), sizeof(length)) << text;
  std::filesystem::resize_file(file, sizeof(length) + length + static_cast<std::uint64_t>(end));
}

/// What loading a model takes at most beyond what it keeps.
std::int64_t taken_besides(const Config& config, std::string_view stored, const KeptAs& kept) {
  const TemporaryFolder folder;
  write_zeros(folder.path() / "model.safetensors", config, stored);
  Checkpoint checkpoint(folder.path(), config);
  const auto ops = cpu_ops(kept, kThreads);
  EXPECT_TRUE(reset_peak_resident());
  const std::int64_t before = resident_bytes();
  const Decoder decoder(config, *ops, checkpoint);
  std::int64_t packed = 0;
  for (const char* part : {"embedding", "attention", "router", "experts", "head", "norms"})
    packed += decoder.bytes_of(part);
  return peak_resident_bytes() - before - packed;
}

/// Of a stored layer neither the file's pages nor converted elements may pile up: that would be 288
/// MiB and more. Each thread has the pages of a task's weights (2 MiB in 32 bits, and what the
/// system maps around them), and the rows of a panel as they are converted (32 of 2048, 256 KiB in
/// 32 bits, twice). Each of 8 large allocations takes up to a huge page of 2 MiB more than is asked
/// for. The rest is for what libraries allocate.
constexpr std::int64_t kBesides = (kThreads * 3 + 16 + 10) * kMiB;

TEST(loading, takes_what_is_kept_and_little_besides) {
  if (!reset_peak_resident()) GTEST_SKIP() << "this kernel does not let the peak be reset";
  const Config small = small_config("MixtralForCausalLM"), large = large_config();
  struct Case {
    const char* stored = "";
    KeptAs kept;
  };
  const Case cases[] = {{"BF16", DType::bf16},
                        {"F32", DType::bf16},
                        {"F16", {DType::f16, Quantisation::int8}},
                        {"BF16", {DType::bf16, Quantisation::int4}}};
  for (const auto& [stored, kept] : cases) {
    taken_besides(small, stored, kept);  // what is allocated once
    EXPECT_LE(taken_besides(large, stored, kept), kBesides)
        << stored << " kept as " << name_of(kept);
  }
}

/// Of several elements that are not finite, in whichever order they are met.
TEST(loading, names_the_first_weight_that_is_not_finite) {
  const Config config = small_config("MixtralForCausalLM");
  std::vector<OwnedTensor> tensors = small_tensors(config);
  const float none = std::nanf("");
  const std::string first = checkpoint_name(config.family, "blocks.1.experts.0.up.weight");
  const std::string other = checkpoint_name(config.family, "blocks.1.experts.2.gate.weight");
  for (OwnedTensor& tensor : tensors) {
    if (tensor.name == other) std::memcpy(tensor.bytes.data() + 4, &none, 4);
    if (tensor.name != first) continue;
    for (const std::size_t element : {40U, 5U, 21U})
      std::memcpy(tensor.bytes.data() + 4 * element, &none, 4);
  }
  const TemporaryFolder folder;
  write_tensors(folder.path() / "model.safetensors", tensors);
  for (const KeptAs& kept :
       {KeptAs(DType::f32), KeptAs(DType::bf16), KeptAs(DType::f32, Quantisation::int4)}) {
    const auto ops = cpu_ops(kept, 3);
    Checkpoint checkpoint(folder.path(), config);
    const std::string said = message_of<Error>([&] { Decoder(config, *ops, checkpoint); });
    EXPECT_TRUE(has(said, fmt::format("tensor {}: element 5 of blocks.1.experts.0.up.weight is "
                                      "infinite or no number",
                                      first)))
        << said;
  }
  const auto torch = torch_ops("cpu", DType::f32);
  Checkpoint checkpoint(folder.path(), config);
  EXPECT_TRUE(has(message_of<Error>([&] { Decoder(config, *torch, checkpoint); }),
                  "element 5 of blocks.1.experts.0.up.weight"));
}

/// A size that float32 holds and the kept format does not, the first of several, on both tables.
TEST(loading, names_the_first_weight_that_is_too_large_for_what_it_is_kept_in) {
  const Config config = small_config("MixtralForCausalLM");
  const std::string name = checkpoint_name(config.family, "blocks.1.experts.0.up.weight");
  const auto said_with = [&](float large, Ops& ops) {
    std::vector<OwnedTensor> tensors = small_tensors(config);
    for (OwnedTensor& tensor : tensors) {
      if (tensor.name != name) continue;
      for (const std::size_t element : {41U, 6U, 22U})
        std::memcpy(tensor.bytes.data() + 4 * element, &large, 4);
    }
    const TemporaryFolder folder;
    write_tensors(folder.path() / "model.safetensors", tensors);
    Checkpoint checkpoint(folder.path(), config);
    return message_of<Error>([&] { Decoder(config, ops, checkpoint); });
  };
  struct Case {
    KeptAs kept;
    float large = 0, limit = 0;
  };
  const Case cases[] = {{DType::f16, -65520, 65504},
                        {DType::bf16, 0x1.FFp127F, 0x1.FEp127F},
                        {{DType::f32, Quantisation::int4}, 70000, 65504},
                        {{DType::f32, Quantisation::int8}, 1e7, 127 * 65504.0F}};
  for (const auto& [kept, large, limit] : cases) {
    std::vector<std::unique_ptr<Ops>> tables;
    tables.push_back(cpu_ops(kept, 3));
    if (kept.quantisation == Quantisation::none) tables.push_back(torch_ops("cpu", kept.dtype));
    for (const std::unique_ptr<Ops>& ops : tables) {
      const std::string said = said_with(large, *ops);
      EXPECT_TRUE(has(said, fmt::format("tensor {}: element 6 of blocks.1.experts.0.up.weight is "
                                        "{}, expected a size up to {}",
                                        name, large, limit)))
          << name_of(kept) << ": " << said;
      EXPECT_EQ(said_with(limit / 2, *ops), "") << name_of(kept);
    }
  }
}

}  // namespace
}  // namespace moe
