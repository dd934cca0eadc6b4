#include "suites/suite.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "harness/error.h"
#include "suites/kind.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

struct Pinned {
  std::string_view name;
  std::int64_t version;
  std::string_view sha256;  // of the file
};

// What a version stands for. Who edits a suite gives it the next version and changes its row here:
// results of two versions are never compared.
constexpr Pinned kPinned[] = {
    {"mmlu", 1, "d3cc87fa892d85e1a73a8ec52631389c3d9535306a1895c6e427c391f6be4a38"},
    {"mmlu_continuation", 1, "45eace25286e466e2a67e8fc0e6f2acf3609f840f53fc0ec83b7f27e435ca9f7"},
    {"mmlu_original", 1, "2b849cfee33ad50616f23b75d7fe3b06b3ba7d5b3497fa510fd962d824de42f2"},
    {"mmlu_helm", 1, "ce7e01f81bf678e8ee906b04f3937cd5f1455aa830aa31a0d4c79d7bb5167f2e"},
    {"mmlu_pro", 1, "975c381773c05dfcb647a181185e8594b119333646c6b5852e1f4223fc01a069"},
    {"bbh", 1, "40acbed2390f3a4e944e6cf0e9d4bf7802fba8891230d7f3816f41b4aa80659d"},
    {"arc_easy", 1, "b5af2aac2749c138368020a0d104d1cb10d578a132224e231f77a9005ee7e8ea"},
    {"arc_challenge", 1, "6c99423e91b4acc016d8941dffdd00b687225352e8125d34d5e09e23963ccc48"},
    {"boolq", 1, "cd9c859bfda3c88fecc25fc5b176a18c3994a1ab8123aec93e54d5491a680c50"},
    {"commonsense_qa", 1, "57a9bcde9503a46232fb9cb3c4f24bbae567def1852095c080dc881d565cdcd3"},
    {"copa", 1, "fd72b21ed454c44c2f57a5de43a8f812908a9fd80a45aa29db0e829bc66c5d85"},
    {"hellaswag", 1, "bf92cdc4e850e23ef9d3403e7b493b8511f8e165311c202d25454190e240398f"},
    {"gsm8k", 1, "c97302af3c3861a1a9f0b5a48fba28d2e0fd346648e3a20b078b0058a49e9d15"},
    {"lambada_openai", 1, "f49d4d8a3e62a2793dde80c42c33e8992f64fde9a1775f0f449dea47c56063ea"},
    {"nq_open", 1, "51f05aaef36315a2b82c228e9e16e6363c1205e169e983aeb8f462cda241ab89"},
    {"openbookqa", 1, "e56d2b9c77507b073eb50a9cba6241fe732f023931fa94389b484bb249555805"},
    {"piqa", 1, "12d4cb82c208f361abc44026c5ab8130c66bebc7975eca38739f344b9f07f05b"},
    {"sciq", 1, "75328d64d6dc868bb9c3c58d144bb0672f8d96461b4b569772cf8a5ebc70b7d5"},
    {"social_iqa", 1, "c7e4ce23955a22fb962b9395818bc10862ea0383774caf4332fc91e7e7ada9db"},
    {"triviaqa", 1, "e5f11d48cac3fe6e8f881f05a63352147093cb5f6c1ba498c4e05a1891e54595"},
    {"truthfulqa_mc1", 1, "bd4f94f627eaec3d2089c530ab40a443f3d8892476a9796d51374915e84034b9"},
    {"truthfulqa_mc2", 1, "9c742699f67e49b5d287b2e99d436db588eb05db75dd65ba4e39eea7df8d2ff0"},
    {"winogrande", 1, "d4668bcf957fa99075ddfc6c68534b6200a040052ff66fda1f05bf6a67bd5d9f"},
    {"arc_challenge_olmes_mc", 1,
     "2b7bc92a443846476bb9ac4186d8ac09e03c656d36b5764a449461c086462d66"},
    {"arc_challenge_olmes_rc", 1,
     "5e3ca9c3c472fde8a13778c79e8cdef7f0f69bb7abfdf48596a5cc2f0572679a"},
    {"arc_easy_olmes_mc", 1, "b54d5a5d7f778404d0c6b4f817cb371616f8a05c7370e58c4c451e5d66aaf78f"},
    {"arc_easy_olmes_rc", 1, "cf78f980eb5e2771f62db017a08f3d953a6ae7bc8b455e86c1e34048b0fb84d6"},
    {"boolq_olmes_mc", 1, "33887d3264e20456b36837cb87501817bc91e2329d3ad0e226d63cc8a0928925"},
    {"boolq_olmes_rc", 1, "37a1f7060a0cd7a18ac20ff445e1dae01a1e7dcc52df234fccb5a50d05b22b4a"},
    {"commonsense_qa_olmes_mc", 1,
     "608fbd92e125dd8fd06ca2397a95d22b88e4f39ab1d62e52bbf7714bdf16a850"},
    {"commonsense_qa_olmes_rc", 1,
     "a4ea9a6132f270c9484f09d496f2d175f5bee9cd5f70da4197f9640b7446afc9"},
    {"hellaswag_olmes_mc", 1, "b7736b16cf12b772ca18b166a894623fdfb88ab2fcc02090c3bdf7b9eb8261a5"},
    {"hellaswag_olmes_rc", 1, "56ed6a5be99002832e60c274767266b76d2126308c3c41739f1c416e842ab985"},
    {"mmlu_olmes_mc", 1, "95d8715f819f7654212a9d42891cf0ec786bbb00ad5b3b1289d6f443bab86a89"},
    {"mmlu_olmes_rc", 1, "748ee29d9d85bc1796a3074b172ede1593536f8255dc394131fece6aa3ffc5ec"},
    {"openbookqa_olmes_mc", 1, "655a130a47eab7897f029c0c18aab3184e45b6e0e0c2f7e90ee0909b2e534611"},
    {"openbookqa_olmes_rc", 1, "4cb2e839df71efa9638051da5c0f9ea3cb07a83ee1e4b8002cc0d22dd19ed6d8"},
    {"piqa_olmes_mc", 1, "4bf159e072f144990a917174cc2348d9f440109c937f8744ae8879ef1e754cfd"},
    {"piqa_olmes_rc", 1, "9d2d84c3e112b8805f42b3e8604c5b9d22830ba00cc64dcba621a8312bf23eb5"},
    {"social_iqa_olmes_mc", 1, "c17c29bcfb7a595843718f2f8525996089ce553a4a1af353731766ad3a23869f"},
    {"social_iqa_olmes_rc", 1, "322544703a49d4fa137b8d6969c3ac106f8d008f658b77632a74f2cc5db4eeab"},
    {"winogrande_olmes_mc", 1, "563da3a56724c399aaf1cf6f4f4366072d18e6a9fb9f818c09738ff539eb619d"},
    {"winogrande_olmes_rc", 1, "b1e2c4240b9457d15cb20392bb62a0dc169f7516935d35f3d598b82dec09747c"},
    {"openllm_v1", 1, "114ca4ede3de9f8e3d5dd9edb1fd7579b3502cb974b5f28be1bb26d6b51c8804"},
    {"olmes", 1, "405f272a2c22ce7730f4cbec6af31b79af9709762695dedd3bddc516803d1bd9"},
    {"commonsense", 1, "5f345e29afd89162d1d9d274aef7cf940d6fe037e53f479a5a13c4a2d8b21f49"},
    {"world", 2, "faf520f4960deecc74d0cc1f1907be98dc3e8d0d5ab8de78dfb9654e374a4f73"},
    {"world_letters", 2, "3ffdabdb4b9008dd3a461721bc087913b4cc5e16477845c18ca6c4a8eef185cd"},
    {"world_paraphrase", 1, "e038f98133973b227a4bb58311479e019972c7530bb79e5a0ea743416731c3fb"},
    {"wikitext2", 1, "eae2cd866e0e5753f98b9fd6212553b4965045e3184b283599cd30577e2b95e2"},
    {"prefill", 2, "1d4dcc756d12d6fbb006ba487d96d767456289bca4c53d2291156630c35131f5"},
    {"decode", 2, "f88d8f74ab44269339784a90dc489c7b5ffaec9c325035fa00f0792fd6428cd7"},
    {"memory", 1, "22e329bdd1cf075139c97e2ee3c931fc41483718faff1869fd205bc6045e8920"},
    {"sparsity", 3, "a82aa5d0088415b489b54fa4c852add27a6dc024126ac9ee2b5d531c02a12d5d"},
    {"pruning", 1, "2f7b5e3969a17a7850e7dba2048f0a3ff011a997249192e3d24b5f48a6f40465"},
    {"specialisation", 1, "49c639fe50667374ff887e255a6d6567456980c57d4f44fc7f7e607839565007"},
    {"audit_sharing", 1, "c406a3ea20a7bdbc350a3d3c423144edae611757f02f5ff5f4d947a5c7b9ba3f"},
    {"audit_batch", 1, "356ab8d3fc227e828f87add99a180e849e14edb31b13cf22bab90df3e5e011a6"},
    {"audit_numerics", 1, "2a04e4f4f5216199e25871f4a0431ea3b6b9d8c31b704be5be9c47d958eef8d1"},
    {"divergence", 1, "1cc7086a7f58c0fc289705bfc84c7ce3c13bf7dabe200198bb22ea96b7450858"},
};

TEST(suite, an_edit_of_a_bundled_suite_comes_with_a_new_version) {
  std::set<std::string_view> seen;
  for (const Suite& suite : bundled_suites()) {
    const auto pinned = std::ranges::find(kPinned, suite.name, &Pinned::name);
    ASSERT_NE(pinned, std::ranges::end(kPinned)) << suite.name << " has no row in kPinned";
    EXPECT_EQ(suite.version, pinned->version) << suite.name << ": its row needs the new version";
    EXPECT_EQ(suite.sha256, pinned->sha256)
        << suite.name << ".toml was edited: give it the next version, and change its row";
    seen.insert(pinned->name);
  }
  EXPECT_EQ(seen.size(), std::size(kPinned)) << "a row of a suite that is gone";
}

/// A suite file with one line replaced or added.
std::string changed(std::string_view suite, std::string_view from, std::string_view to) {
  std::string toml = find_suite(suite).toml;
  const std::size_t at = toml.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return toml.replace(at, from.size(), to);
}

std::string failure(std::string_view toml) {
  return message_of<Error>([&] { parse_suite(toml, "mine"); });
}

struct Broken {
  std::string_view suite, from, to;
  std::vector<std::string_view> says;  // parts of the message
};

TEST(suite, what_is_wrong_is_named_with_file_and_key) {
  const std::vector<Broken> all = {
      {"decode", "kind    = \"decode\"", "kind = \"encode\"", {"encode", "known", "decode"}},
      {"decode", "kind    = \"decode\"", "", {"kind", "missing"}},
      {"decode", "kind    = \"decode\"", "kind = 3", {"kind", "expected"}},
      {"decode", "version = 2", "version = \"one\"", {"version", "line 3"}},
      {"decode", "version = 2", "version = 0", {"version"}},
      {"decode", "title ", "colour = 1\ntitle ", {"colour"}},
      {"decode", "title ", "dataset = \"world\"\nsplit = \"test\"\ntitle ", {"dataset"}},
      {"decode", "batch   = [1, 4, 16, 64]", "", {"batch", "missing"}},
      {"decode", "batch   = [1, 4, 16, 64]", "batch = []", {"batch", "line 7"}},
      {"decode", "batch   = [1, 4, 16, 64]", "batch = 4", {"batch", "list"}},
      {"decode", "batch   = [1, 4, 16, 64]", "batch = [0]", {"batch", "positive"}},
      {"decode", "batch   = [1, 4, 16, 64]", "batch = [1.5]", {"batch", "1.5"}},
      {"decode", "batch   = [1, 4, 16, 64]", "batch = [[1]]", {"batch", "plain"}},
      {"decode", "batch   = [1, 4, 16, 64]", "batch = [1979-05-27]", {"dates"}},
      {"decode", "batch   = [1, 4, 16, 64]", "batch = [1]\nlenght = [2]", {"lenght", "context"}},
      {"decode", "warmup      = 3", "warm = 3", {"warm", "known", "line 11"}},
      {"decode", "min_samples = 20", "min_samples = 1", {"min_samples"}},
      {"decode", "below       = 0.02", "below = \"small\"", {"below"}},
      {"decode", "below       = 0.02", "below = nan", {"below"}},
      {"decode", "timeout_s   = 60", "timeout_s = 0", {"timeout_s"}},
      {"decode", "\"dtype\"", "\"small\"", {"max_logit_difference"}},
      {"decode", "\"dtype\"", "-1.0", {"max_logit_difference", "-1"}},
      {"decode", "max_logit_difference", "max_difference", {"max_difference", "known"}},
      {"decode", "[measure]", "[axes]", {"line 10"}},
      {"mmlu", "dataset = \"mmlu\"", "dataset = \"mmmlu\"", {"mmmlu", "world"}},
      {"mmlu", "split   = \"test\"", "split = \"train\"", {"train", "validation"}},
      {"mmlu", "split   = \"test\"", "", {"split"}},
      {"mmlu", "shots = [5]", "shots = [-1]", {"shots"}},
      {"mmlu", "shots = [5]", "shots = [5]\nbatch = [1]", {"batch"}},
      {"mmlu", "[prompt]", "[promt]", {"suite mine, line 12", "promt"}},
      {"mmlu", "shots_split = \"dev\"", "", {"shots_split"}},
      {"mmlu", "shots_split = \"dev\"", "shots_split = \"deb\"", {"deb", "validation"}},
      {"mmlu", "description", "descripton", {"suite mine, line 14", "descripton", "description"}},
      {"mmlu", "answers ", "anwsers ", {"suite mine, line 17", "anwsers", "answers"}},
      {"mmlu", "{subject}", "{topic}", {"topic"}},
      {"mmlu", "{choice_3}", "{choice_x}", {"choice_x"}},
      {"mmlu", "{choice_3}", "{choice_3", {"brace"}},
      {"mmlu", "strip       = [\"question\"]", "strip = [\"questions\"]", {"strip", "questions"}},
      {"mmlu", "strip       = [\"question\"]", "strip = \"question\"", {"mine"}},
      {"mmlu", "[\"acc\"]", "[\"f1\"]", {"f1", "acc_norm"}},
      {"mmlu", "\"anatomy\"", "\"anatomie\"", {"stem", "anatomie"}},
      {"mmlu", "[\"acc\"]", "[]", {"metrics", "at least one"}},
      {"mmlu", "[\"acc\"]", "[\"acc\", \"acc\"]", {"acc", "twice"}},
      {"mmlu", "stem = [", "anatomy = [\"anatomy\"]\nstem = [", {"anatomy", "subset"}},
      {"mmlu", "stem = [", "none = []\nstem = [", {"none", "list"}},
      {"mmlu", "stem = [", "all = 3\nstem = [", {"all", "list"}},
      {"wikitext2", "\"wikitext\"\nllama", "\"moses\"\nllama", {"detokenizer", "moses", "none"}},
      {"wikitext2", "512", "3", {"llamacpp_chunk", "3"}},
      {"wikitext2", "512", "\"x\"", {"mine"}},
      {"wikitext2", "[text]", "[axes]\nshots = [1]\n[text]", {"axes"}},
      {"sparsity", "suite = \"world\"", "suite = \"decode\"", {"accuracy", "decode"}},
      {"sparsity", "suite = \"world\"", "suite = \"mmlu\"", {"accuracy", "mmlu"}},
      {"sparsity", "suite = \"world\"", "suite = \"mine.toml\"", {"accuracy", "bundled"}},
      {"sparsity", "suite = \"world\"", "suite = \"world_letters\"", {"2 values", "shots"}},
      {"sparsity", "limit = 20", "limit = \"all\"", {"accuracy", "limit"}},
      {"sparsity", "length = 256", "length = 0", {"length"}},
      {"sparsity", "[decode]", "[decoding]", {"decoding"}},
      {"sparsity", "top_k = [1, 2, 4, 8]", "top_k = [\"all\"]", {"top_k", "all"}},
      {"sparsity", "top_k = [1, 2, 4, 8]", "top_k = [0]", {"top_k", "positive"}},
      {"sparsity", "top_k = [1, 2, 4, 8]", "", {"top_k", "experts", "missing"}},
      {"sparsity", "top_k = [1, 2, 4, 8]", "batch = [1]", {"batch", "top_k", "experts"}},
      {"specialisation", "suite = \"world\"", "suite = \"mmlu\"", {"questions", "mmlu"}},
      {"specialisation", "[questions]", "[axes]\nshots = [0]\n[questions]", {"axes"}},
      {"specialisation", "[questions]", "[accuracy]", {"accuracy", "specialisation"}},
      {"audit_batch", "\"batch\"", "\"batches\"", {"against", "batches", "numerics"}},
      {"audit_batch", "questions = 114", "", {"questions", "positive"}},
      {"audit_batch", "\"hellaswag\"", "\"decode\"", {"suite", "decode", "continuation"}},
      {"audit_batch", "\"hellaswag\"", "\"mine.toml\"", {"suite", "bundled"}},
      {"audit_batch", "suite = [", "shots = [1]\nsuite = [", {"suite alone"}},
      {"audit_batch",
       "version = 1",
       "version = 1\ndataset = \"mmlu\"\nsplit = \"test\"",
       {"dataset"}},
      {"divergence", "window = 256", "window = 1", {"window", "2 tokens"}},
      {"divergence", "\"wikitext2\"", "\"decode\"", {"suite", "decode", "perplexity"}},
      {"divergence", "\"@numerics=reference\"", "3", {"against", "target"}},
      {"divergence", "against = [", "other = [", {"against"}},
      {"pruning", "[0, 56", "[-1, 56", {"experts", "-1"}},
  };
  for (const Broken& broken : all) {
    const std::string message = failure(changed(broken.suite, broken.from, broken.to));
    EXPECT_NE(message.find("suite mine"), std::string::npos) << broken.to << ": " << message;
    for (const std::string_view part : broken.says)
      EXPECT_NE(message.find(part), std::string::npos) << broken.to << ": " << message;
  }
}

TEST(suite, every_kind_has_a_bundled_suite) {
  std::set<std::string> used;
  for (const Suite& suite : bundled_suites()) used.insert(suite.kind);
  for (const Kind* kind : kinds())
    EXPECT_TRUE(used.contains(std::string(kind->name))) << kind->name;
}

TEST(suite, a_file_is_read_by_its_path_and_an_unknown_name_lists_the_bundled) {
  const TemporaryFolder folder;
  const auto file = folder.write("mine.toml", find_suite("decode").toml);
  const Suite mine = find_suite(file.string());
  EXPECT_EQ(mine.name, "mine");
  EXPECT_EQ(mine.sha256, find_suite("decode").sha256);
  EXPECT_NE(message_of<Error>([] { find_suite("nothing"); }).find("sparsity"), std::string::npos);
  EXPECT_NE(message_of<Error>([] { find_suite("not/there.toml"); }).find("not/there.toml"),
            std::string::npos);
}

}  // namespace
}  // namespace moe
