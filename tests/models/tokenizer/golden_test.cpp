// Against Hugging Face tokenizers and llama.cpp, on real vocabularies and texts.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "datasets/csv.h"
#include "harness/sha256.h"
#include "tests/models/tokenizer/tokenizer_json.h"

namespace moe {
namespace {

namespace fs = std::filesystem;

class Golden : public testing::Test {
 protected:
  void SetUp() override {
    const char* data = std::getenv("MOEBENCH_DATA");  // NOLINT(concurrency-mt-unsafe): one thread
    if (data == nullptr) GTEST_SKIP() << "MOEBENCH_DATA is not set: no tokenizers, no MMLU";
    data_ = data;
  }

  void need(const fs::path& file) {
    if (!fs::exists(data_ / file)) missing_ = (data_ / file).string() + " is not there";
  }

  fs::path data_;
  std::string missing_;
};

std::string int32(std::size_t value) {
  const auto number = static_cast<std::uint32_t>(value);
  std::string out;
  for (unsigned shift = 0; shift < 32; shift += 8) out += static_cast<char>(number >> shift);
  return out;
}

/// Every field of every record of the MMLU test set, subjects in order of their names.
std::vector<std::string> mmlu_fields(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  std::ranges::sort(files);
  std::vector<std::string> out;
  for (const fs::path& file : files) {
    for (CsvRecord& record : parse_csv(text_of(file), file.string()))
      std::ranges::move(record.fields, std::back_inserter(out));
  }
  return out;
}

/// As tests/goldens/tokenizer_digests.py computes them.
Json digests_of(const Tokenizer& tokenizer, const std::vector<std::string>& texts,
                std::size_t every) {
  Sha256 encoded, decoded;
  for (std::size_t i = 0; i < texts.size(); i += every) {
    const std::vector<TokenId> ids = tokenizer.encode(texts[i]);
    std::string bytes = int32(ids.size());
    for (const TokenId id : ids) bytes += int32(static_cast<std::size_t>(id));
    encoded.update(bytes);
    const std::string back = tokenizer.decode(ids);
    decoded.update(int32(back.size()) + back);
  }
  return {{"encoded", encoded.hex()}, {"decoded", decoded.hex()}};
}

TEST_F(Golden, every_field_of_mmlu_is_encoded_as_hugging_face_does) {
  need("mmlu/data/test");
  const Json golden =
      Json::parse(text_of(fs::path(MOE_SOURCE_DIR) / "tests/goldens/tokenizer_digests.json"));
  for (const Json& known : golden["tokenizers"])
    need(fs::path("tokenizers") / known["file"].get<std::string>());
  if (!missing_.empty()) GTEST_SKIP() << missing_;
  const std::vector<std::string> texts = mmlu_fields(data_ / "mmlu/data/test");
  ASSERT_EQ(texts.size(), golden["strings"].get<std::size_t>());
  for (const auto& [name, known] : golden["tokenizers"].items()) {
    const fs::path file = data_ / "tokenizers" / known["file"].get<std::string>();
    const Tokenizer tokenizer = Tokenizer::load(file);
    ASSERT_EQ(tokenizer.digest(), known["sha256"].get<std::string>())
        << file << " is another file than the golden's";
    const bool all = MOE_GOLDEN_EVERY == 1;
    EXPECT_EQ(digests_of(tokenizer, texts, MOE_GOLDEN_EVERY), known[all ? "all" : "sampled"])
        << name;
  }
}

/// Texts of a vector file, which a line with a marker divides.
std::vector<std::string> vector_texts(const std::string& file) {
  const std::string marker = "\n__ggml_vocab_test__\n";
  std::vector<std::string> out;
  std::size_t at = 0;
  for (std::size_t end = file.find(marker); end != std::string::npos; end = file.find(marker, at)) {
    out.push_back(file.substr(at, end - at));
    at = end + marker.size();
  }
  return out;
}

class Vectors : public Golden,
                public testing::WithParamInterface<std::pair<const char*, const char*>> {};

TEST_P(Vectors, are_encoded_as_llama_cpp_does) {
  const auto& [name, tokenizer_json] = GetParam();
  const std::string stem = fmt::format("tokenizers/llama_cpp_vectors/ggml-vocab-{}.gguf", name);
  if (std::string_view(tokenizer_json).empty())
    GTEST_SKIP() << "the data holds no tokenizer.json of " << name;
  for (const std::string& file : {stem + ".inp", stem + ".out", std::string(tokenizer_json)})
    need(file);
  if (!missing_.empty()) GTEST_SKIP() << missing_;
  const Tokenizer tokenizer = Tokenizer::load(data_ / tokenizer_json);
  std::istringstream lines(text_of(data_ / (stem + ".out")));
  std::size_t checked = 0;
  for (const std::string& text : vector_texts(text_of(data_ / (stem + ".inp")))) {
    std::string line;
    ASSERT_TRUE(std::getline(lines, line));
    std::istringstream numbers(line);
    const std::vector<TokenId> expected{std::istream_iterator<TokenId>(numbers), {}};
    EXPECT_EQ(tokenizer.encode(text, /*add_special_tokens=*/false), expected)
        << "\"" << text << "\"";
    ++checked;
  }
  EXPECT_GT(checked, 40U);
}

INSTANTIATE_TEST_SUITE_P(llama_cpp, Vectors,
                         testing::Values(std::pair("gpt-2", "tokenizers/gpt2/tokenizer.json"),
                                         std::pair("llama-bpe", ""), std::pair("llama-spm", ""),
                                         std::pair("deepseek-llm", ""), std::pair("phi-3", ""),
                                         std::pair("qwen2", "")),
                         [](const auto& about) {
                           std::string name = about.param.first;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace moe
