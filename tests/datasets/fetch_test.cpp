// datasets/fetch.py against a hub on this machine.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "datasets/dataset.h"
#include "harness/error.h"
#include "models/target.h"
#include "tests/datasets/stand_in_hub.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

constexpr std::string_view kConfig =
    R"({"architectures": ["MixtralForCausalLM"], "model_type": "mixtral", "hidden_size": 32,
    "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1, "intermediate_size": 32,
    "num_local_experts": 4, "num_experts_per_tok": 2, "vocab_size": 258, "max_position_embeddings": 512,
    "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "tie_word_embeddings": false, "hidden_act": "silu",
    "torch_dtype": "float32"})";
constexpr std::string_view kQuestion =
    R"({"question": "What, \"is\" 1+1?\né", "subject": "sums", "choices": ["1", "2", "3", "4"], "answer": 1})"
    "\n";

class Fetch : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = why_no_downloads()) GTEST_SKIP() << *why;
  }

  struct Ran {
    int code = 0;
    std::string out, err;
  };

  StandInHub& hub() {
    if (!hub_) hub_.emplace(folder_.path() / "hub");
    return *hub_;
  }

  void write_model(const std::string& name, std::string_view weights = "weights") const {
    const std::filesystem::path to = "hub/models/" + name;
    folder_.write(to / "config.json", kConfig);
    folder_.write(to / "model.safetensors", weights);
    folder_.write(to / "tokenizer.json", "{}");
    folder_.write(to / "pytorch_model.bin", "not wanted");
    folder_.write(to / "original/consolidated.safetensors", "not wanted");
  }

  Ran fetch(std::vector<std::string> words, const std::string& token = "") {
    words.insert(words.begin(),
                 {MOE_SOURCE_DIR "/.venv/bin/python", MOE_SOURCE_DIR "/datasets/fetch.py"});
    std::map<std::string, std::string> variables = hub().variables(home());
    variables["HF_TOKEN"] = token;
    const pid_t child = fork();
    require(child >= 0, "fork failed");
    if (child == 0) become(words, variables);
    int status = 0;
    waitpid(child, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text_of(folder_.path() / "stdout.txt"),
            text_of(folder_.path() / "stderr.txt")};
  }

  Ran fetch_mmlu(const std::string& repository, const std::string& subsets = "sums") {
    return fetch({"dataset", "small", "--source", repository, "--reader", "mmlu", "--splits",
                  "test=test/{subset}.jsonl", "--subsets", subsets, "--out",
                  (folder_.path() / "data/m").string()});
  }

  std::filesystem::path home() const { return folder_.path() / "home"; }

  /// What a fetch that succeeds prints: one line.
  static std::filesystem::path printed_folder(const Ran& ran) {
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(std::ranges::count(ran.out, '\n'), 1) << ran.out;
    return ran.out.substr(0, ran.out.find('\n'));
  }

  /// One line that has all of these, and no traceback.
  static void expect_error(const Ran& ran, int code, const std::vector<std::string>& said) {
    EXPECT_EQ(ran.code, code) << ran.err;
    EXPECT_EQ(ran.out, "");
    const std::size_t begin = ran.err.find("moebench fetch: ");
    ASSERT_NE(begin, std::string::npos) << ran.err;
    EXPECT_EQ(ran.err.find('\n', begin), ran.err.size() - 1) << ran.err;
    for (const std::string& words : said)
      EXPECT_NE(ran.err.find(words), std::string::npos) << words << " in " << ran.err;
  }

  TemporaryFolder folder_;

 private:
  [[noreturn]] void become(std::vector<std::string>& words,
                           const std::map<std::string, std::string>& variables) const {
    const auto redirect = [&](const char* name, int descriptor) {
      const int file =
          open((folder_.path() / name).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
      if (file < 0 || dup2(file, descriptor) < 0) _exit(126);
    };
    redirect("stdout.txt", STDOUT_FILENO);
    redirect("stderr.txt", STDERR_FILENO);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the child of a fork has one thread
    for (const auto& [name, value] : variables) setenv(name.c_str(), value.c_str(), 1);
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(127);
  }

  std::optional<StandInHub> hub_;
};

Dataset small(const std::string& reader, const std::string& file, const std::string& subsets = "") {
  return parse_dataset("small", "reader = \"" + reader +
                                    "\"\nsource = \"s\"\nrevision = \"r\"\nlicence = \"l\"\n"
                                    "directory = \"m\"\n" +
                                    subsets + "\n[splits]\ntest = {file = \"" + file + "\"}\n");
}

TEST_F(Fetch, a_model_arrives_without_what_is_not_needed_and_is_a_target) {
  write_model("tiny/mixture");
  const Ran ran = fetch({"model", "tiny/mixture"});
  const std::filesystem::path found = printed_folder(ran);
  EXPECT_EQ(text_of(found / "model.safetensors"), "weights");
  EXPECT_EQ(text_of(found / "tokenizer.json"), "{}");
  EXPECT_FALSE(std::filesystem::exists(found / "pytorch_model.bin"));
  EXPECT_FALSE(std::filesystem::exists(found / "original"));
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread here
  setenv("HF_HUB_CACHE", (home() / "hub").c_str(), 1);
  const Target target = resolve_target("tiny/mixture");
  EXPECT_EQ(target.directory, found);
  EXPECT_EQ(config_of(target).layers.size(), 2U);
}

TEST_F(Fetch, a_model_in_shards_is_what_its_index_names) {
  folder_.write("hub/models/tiny/shards/config.json", kConfig);
  folder_.write("hub/models/tiny/shards/model.safetensors.index.json",
                R"({"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}})");
  for (const char* name : {"model-1.safetensors", "model-2.safetensors", "other.safetensors"})
    folder_.write(std::string("hub/models/tiny/shards/") + name, name);
  const std::filesystem::path found = printed_folder(fetch({"model", "tiny/shards"}));
  EXPECT_EQ(text_of(found / "model-2.safetensors"), "model-2.safetensors");
  EXPECT_FALSE(std::filesystem::exists(found / "other.safetensors"));
  EXPECT_NE(hub().downloads().back().find("config.json"), std::string::npos)
      << "a folder with a config.json is a whole model";
}

TEST_F(Fetch, a_second_time_downloads_nothing_and_a_lost_file_alone) {
  write_model("tiny/mixture");
  const std::filesystem::path found = printed_folder(fetch({"model", "tiny/mixture"}));
  const std::size_t first = hub().downloads().size();
  EXPECT_EQ(first, 3U);
  EXPECT_EQ(printed_folder(fetch({"model", "tiny/mixture"})), found);
  EXPECT_EQ(hub().downloads().size(), first);
  std::filesystem::remove(std::filesystem::canonical(found / "tokenizer.json"));
  std::filesystem::remove(found / "tokenizer.json");
  EXPECT_EQ(printed_folder(fetch({"model", "tiny/mixture"})), found);
  ASSERT_EQ(hub().downloads().size(), first + 1);
  EXPECT_NE(hub().downloads().back().find("tokenizer.json"), std::string::npos);
}

TEST_F(Fetch, a_download_that_breaks_off_goes_on_where_it_stopped) {
  std::string weights;
  weights.resize(24'000'000, 'w');  // the library keeps whole pieces of 10 MiB
  write_model("tiny/mixture", weights);
  folder_.write("hub/cut", "model.safetensors");
  const Ran ran = fetch({"model", "tiny/mixture"});
  EXPECT_EQ(text_of(printed_folder(ran) / "model.safetensors"), weights);
  const auto downloads = hub().downloads();
  EXPECT_TRUE(std::ranges::any_of(downloads, [](const std::string& line) {
    return line.find("model.safetensors bytes=") != std::string::npos;
  })) << ran.err;
}

TEST_F(Fetch, says_in_one_line_what_is_wrong_with_a_repository) {
  write_model("tiny/mixture");
  folder_.write("hub/models/tiny/old/config.json", kConfig);
  folder_.write("hub/models/tiny/old/pytorch_model.bin", "weights");
  expect_error(fetch({"model", "tiny/nosuch"}), 2, {"tiny/nosuch", "no such repository"});
  expect_error(fetch({"model", "tiny/mixture", "--revision", "v9"}), 2, {"tiny/mixture", "\"v9\""});
  expect_error(fetch({"model", "not//aname"}), 2, {"not//aname", "org/name"});
  expect_error(fetch({"model", "tiny/old"}), 2,
               {"tiny/old", "expected config.json and model.safetensors", "pytorch_model.bin"});
  EXPECT_EQ(fetch({"dance"}).code, 2);
}

TEST_F(Fetch, a_gated_repository_needs_a_token_and_the_error_says_which) {
  write_model("tiny/gated");
  folder_.write("hub/models/tiny/gated/.gated", "");
  expect_error(fetch({"model", "tiny/gated"}), 2, {"tiny/gated", "gated", "HF_TOKEN"});
  expect_error(fetch({"model", "tiny/gated"}, "wrong"), 2, {"tiny/gated", "has no access"});
  printed_folder(fetch({"model", "tiny/gated"}, "let-me-in"));
}

TEST_F(Fetch, without_a_hub_what_is_in_the_cache_is_taken_and_said) {
  write_model("tiny/mixture");
  const std::filesystem::path found = printed_folder(fetch({"model", "tiny/mixture"}));
  hub().stop();
  const Ran again = fetch({"model", "tiny/mixture"});
  EXPECT_EQ(printed_folder(again), found);
  EXPECT_NE(again.err.find("cannot be reached"), std::string::npos) << again.err;
  expect_error(fetch({"model", "tiny/other"}), 1, {"tiny/other", "127.0.0.1", "refused"});
  expect_error(fetch_mmlu("tiny/sums"), 1, {"tiny/sums", "refused"});
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "data/m"));
}

TEST_F(Fetch, multiple_choice_arrives_as_its_reader_wants_it_whatever_the_repository_holds) {
  folder_.write("hub/datasets/tiny/parquet/sums/test-00000-of-00001.parquet.jsonl", kQuestion);
  folder_.write("hub/datasets/tiny/lines/sums/test.jsonl", kQuestion);
  folder_.write("hub/datasets/tiny/csv/data/test/sums_test.csv",
                "\"What, \"\"is\"\" 1+1?\né\",1,2,3,4,B\n");
  for (const char* repository : {"tiny/parquet", "tiny/lines", "tiny/csv"}) {
    const std::filesystem::path found = printed_folder(fetch_mmlu(repository));
    EXPECT_EQ(text_of(found / "test/sums.jsonl"), kQuestion) << repository;
    const auto items = load(small("mmlu", "test/{subset}.jsonl", "subsets = [\"sums\"]"), "sums",
                            "test", folder_.path() / "data");
    ASSERT_EQ(items.size(), 1U);
    EXPECT_EQ(items[0].question, "What, \"is\" 1+1?\né");
    EXPECT_EQ(items[0].gold, 1);
    std::filesystem::remove_all(found);
  }
}

TEST_F(Fetch, one_file_of_all_subsets_is_split_by_the_field_that_names_them) {
  folder_.write("hub/datasets/tiny/all/data/test-00000-of-00001.parquet.jsonl",
                "{\"category\": \"law\", \"x\": 1}\n{\"category\": \"computer science\", \"x\": "
                "2}\n{\"category\": \"law\", \"x\": 3}\n");
  const auto fetch_all = [&](const std::string& subsets) {
    return fetch({"dataset", "small", "--source", "tiny/all", "--reader", "records", "--splits",
                  "test=test/{subset}.jsonl", "--subsets", subsets, "--split-by", "category",
                  "--out", (folder_.path() / "data/m").string()});
  };
  const std::filesystem::path found = printed_folder(fetch_all("computer_science,law"));
  EXPECT_EQ(text_of(found / "test/law.jsonl"),
            "{\"category\": \"law\", \"x\": 1}\n{\"category\": \"law\", \"x\": 3}\n");
  EXPECT_EQ(text_of(found / "test/computer_science.jsonl"),
            "{\"category\": \"computer science\", \"x\": 2}\n");
  expect_error(fetch_all("law,physics"), 2, {"category", "physics"});
}

TEST_F(Fetch, an_answer_that_is_no_single_letter_is_refused_with_its_record) {
  for (const char* answer : {"", "BC", "E", "b"}) {
    folder_.write("hub/datasets/tiny/odd/data/test/sums_test.csv",
                  fmt::format("Where?,1,2,3,4,{}\n", answer));
    expect_error(fetch_mmlu("tiny/odd"), 2, {"sums", "Where?", "letter from A to D"});
  }
}

TEST_F(Fetch, keeps_what_else_is_in_the_folder_and_leaves_it_alone_on_an_error) {
  folder_.write("hub/datasets/tiny/sums/sums/test.jsonl", kQuestion);
  folder_.write("hub/datasets/tiny/sums/broken/test.jsonl", "{\"question\": \"no choices\"}\n");
  folder_.write("data/m/notes.txt", "mine");
  expect_error(fetch_mmlu("tiny/sums", "sums,broken"), 2, {"broken/test.jsonl", "choices"});
  expect_error(fetch_mmlu("tiny/sums", "sums,absent"), 2, {"tiny/sums", "absent/test"});
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "data/m/test"));
  printed_folder(fetch_mmlu("tiny/sums"));
  EXPECT_EQ(text_of(folder_.path() / "data/m/notes.txt"), "mine");
  const auto left = std::filesystem::directory_iterator(folder_.path() / "data");
  EXPECT_EQ(std::distance(begin(left), end(left)), 1) << "no temporary folder is left";
}

TEST_F(Fetch, a_text_that_the_repository_has_cut_is_one_document_again) {
  for (const auto& [split, text] :
       {std::pair{"train", "First\\n"}, {"validation", "Second"}, {"test", "\\nThird"}}) {
    folder_.write(fmt::format("hub/datasets/tiny/text@refs%2Fconvert%2Fparquet/default/{}/"
                              "0000.parquet.jsonl",
                              split),
                  fmt::format("{{\"text\": \"{}\"}}\n", text));
  }
  folder_.write("hub/datasets/tiny/text/text.py", "a script");
  const Ran ran =
      fetch({"dataset", "small", "--source", "tiny/text", "--reader", "text", "--splits",
             "test=input.txt", "--out", (folder_.path() / "data/m").string()});
  EXPECT_EQ(text_of(printed_folder(ran) / "input.txt"), "First\nSecond\nThird");
  EXPECT_NE(ran.err.find("refs/convert/parquet"), std::string::npos) << "a fallback is said";
}

TEST_F(Fetch, wikitext_rows_become_the_lines_of_the_original_files) {
  folder_.write("hub/datasets/tiny/wiki/test-00000-of-00002.parquet.jsonl",
                "{\"text\": \"\"}\n{\"text\": \" = Title = \\n\"}\n{\"text\": \"\"}\n");
  folder_.write("hub/datasets/tiny/wiki/test-00001-of-00002.parquet.jsonl",
                "{\"text\": \" Some text . \\n\"}\n");
  const Ran ran =
      fetch({"dataset", "small", "--source", "tiny/wiki", "--reader", "wikitext", "--splits",
             "test=test.txt", "--out", (folder_.path() / "data/m").string()});
  EXPECT_EQ(text_of(printed_folder(ran) / "test.txt"), " \n = Title = \n \n Some text . \n");
  EXPECT_EQ(load(small("wikitext", "test.txt"), "", "test", folder_.path() / "data").size(), 1U);
}

}  // namespace
}  // namespace moe
