// The program from outside: help, exit codes, errors.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <nlohmann/json.hpp>

#include "harness/build_info.h"
#include "tests/cli/program.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

/// What people read is approved text; MOEBENCH_APPROVE=1 accepts a change.
void expect_approved(const std::string& name, const std::string& text) {
  const std::filesystem::path file =
      std::filesystem::path(MOE_SOURCE_DIR) / "tests/cli/approved" / name;
  if (std::getenv("MOEBENCH_APPROVE") != nullptr) std::ofstream(file) << text;
  EXPECT_EQ(text, text_of(file)) << "run this test with MOEBENCH_APPROVE=1 to accept the change";
}

TEST(program, explains_itself) {
  const Ran help = moebench({"--help"}, fresh_folder("help"));
  EXPECT_EQ(help.code, 0);
  EXPECT_EQ(help.err, "");
  expect_approved("help.txt", help.out);
}

TEST(program, explains_every_verb) {
  const std::filesystem::path folder = fresh_folder("verbs");
  for (const char* verb : {"demo", "run", "list", "show", "report", "compare", "score", "inspect",
                           "check", "doctor", "export", "sql", "fetch"}) {
    const Ran help = moebench({verb, "--help"}, folder);
    EXPECT_EQ(help.code, 0) << verb;
    EXPECT_NE(help.out.find("Usage: moebench "), std::string::npos) << help.out;
  }
}

struct Wrong {
  std::vector<std::string> arguments;
  std::string said;
};

TEST(program, refuses_wrong_usage_with_code_2_and_says_why) {
  const std::filesystem::path folder = fresh_folder("wrong");
  const Wrong cases[] = {
      {{}, "VERB"},
      {{"dance"}, "unknown verb \"dance\""},
      {{"run"}, "moebench run: suite is required"},
      {{"run", "nosuch.toml", "--target", "synthetic:demo-moe"},
       "nosuch.toml: cannot be read: No such file"},
      {{"run", "world"}, "--target is required"},
      {{"run", "nosuch", "--target", "synthetic:demo-moe"},
       "no suite \"nosuch\"; bundled are mmlu"},
      {{"run", "world", "--target", "synthetic:nosuch"}, "bundled are demo-moe"},
      {{"run", "world", "--target", "/nowhere/at/all"}, "no such folder"},
      {{"run", "world", "--target", "synthetic:demo-moe@flavour=7"}, "unknown key \"flavour\""},
      {{"run", "world", "--target", "synthetic:demo-moe@top_k=99"}, "top_k=99"},
      {{"run", "world", "--target", "synthetic:demo-moe", "--set", "colour=red"},
       "--set colour: expected an axis of the suite (shots) or a key of a target (device,"},
      {{"run", "world", "--target", "synthetic:demo-moe", "--limit", "0"}, "--limit"},
      {{"run", "mmlu", "--target", "synthetic:demo-moe"}, "moebench fetch dataset mmlu"},
      {{"run", "world", "--target", "synthetic:demo-moe", "--db", ":memory:"}, "name of a file"},
      {{"run", "world", "--target", "synthetic:demo-moe", "--db", "."},
       "a folder; expected a file"},
      {{"run", "world", "--target", "synthetic:demo-moe", "--db", "no/a.sqlite"},
       "No such file or directory"},
      {{"list", "nosuch"}, "nosuch"},
      {{"serve-steps"}, "expected one argument, the target; found 0"},
      {{"sql", "SELECT 1"}, "no such store"},
      {{"report", "nosuch"}, "nosuch"},
      {{"inspect", "logits", "--target", "synthetic:demo-moe", "--tokens", "1,999"}, "token 999"},
      {{"inspect", "logits", "--target", "synthetic:demo-moe", "--tokens", ""},
       "expected token ids"},
      {{"inspect", "logits", "--target", "synthetic:demo-moe", "--tokens", "1,,2"}, "found \"\""},
  };
  for (const Wrong& wrong : cases) {
    const Ran ran =
        moebench(wrong.arguments, folder, {{"MOEBENCH_DATA", (folder / "nodata").string()}});
    EXPECT_EQ(ran.code, 2) << ran.err;
    EXPECT_NE((ran.err + ran.out).find(wrong.said), std::string::npos)
        << "expected \"" << wrong.said << "\" in: " << ran.err << ran.out;
    EXPECT_FALSE(std::filesystem::exists(folder / "moebench.sqlite")) << "nothing may be stored";
  }
}

// A folder is refused before anything is run.
TEST(program, keeps_what_a_demo_measures_where_the_environment_says) {
  const std::filesystem::path folder = fresh_folder("demo");
  const Ran ran = moebench({"demo"}, folder, {{"MOEBENCH_DB", folder.string()}});
  EXPECT_EQ(ran.code, 2) << ran.err;
  EXPECT_NE(ran.err.find(folder.string() + ": a folder; expected a file"), std::string::npos)
      << ran.err;
  EXPECT_FALSE(std::filesystem::exists(folder / "demo.sqlite"));
}

TEST(program, does_without_better_instructions_where_it_is_told_to) {
  const std::filesystem::path folder = fresh_folder("instructions");
  const auto list_kernels = [&folder](const char* best) {
    return moebench({"list", "kernels", "--json"}, folder, {{"MOEBENCH_INSTRUCTIONS", best}});
  };
  const Ran scalar = list_kernels("SCALAR");
  EXPECT_EQ(scalar.code, 0) << scalar.err;
  int with_instructions = 0;
  std::istringstream lines(scalar.out);
  for (std::string line; std::getline(lines, line);) {
    const auto runs_on = nlohmann::json::parse(line).at("runs on").get<std::string>();
    if (!runs_on.starts_with("cpu: ")) continue;  // not compiled for several sets of instructions
    EXPECT_EQ(runs_on, "cpu: SCALAR") << line;
    ++with_instructions;
  }
  EXPECT_GT(with_instructions, 0);

  EXPECT_EQ(list_kernels("").out, moebench({"list", "kernels", "--json"}, folder).out) << "not set";

  const Ran wrong = list_kernels("AVX9");
  EXPECT_EQ(wrong.code, 2) << wrong.out;
  EXPECT_NE(wrong.err.find("\"AVX9\": this machine and build have "), std::string::npos)
      << wrong.err;
  EXPECT_NE(wrong.err.find("SCALAR"), std::string::npos) << wrong.err;
}

// By hand, of two sequences that each take a token behind four, in float32: two layers of width 32
// with 2 heads of 16 and one of keys and values, 4 experts of width 32, 2 a token.
void expect_work_of_two_tokens(const nlohmann::json& prepared) {
  const auto expect = [&prepared](const char* part, double bytes, double flops) {
    const nlohmann::json& found = prepared.at("work").at(part);
    EXPECT_EQ(found.at("bytes").get<double>(), bytes) << part;
    EXPECT_EQ(found.at("flops").get<double>(), flops) << part;
  };
  constexpr double kLayers = 2, kTokens = 2, kFloat = 4, kPair = 2;
  constexpr double kProjections = 32 * 32 + 2 * 32 * 16 + 32 * 32, kExpert = 3 * 32 * 32;
  expect("attention", kLayers * kProjections * kFloat, kLayers * kTokens * kProjections * kPair);
  expect("cache", kLayers * kTokens * 5 * 2 * 16 * kFloat,  // five keys and values of 16
         kLayers * kTokens * 5 * 2 * 2 * 16 * kPair);       // of which two heads take products
  expect("router", kLayers * 4 * 32 * kFloat, kLayers * kTokens * 4 * 32 * kPair);
  double touched = 0;
  for (const nlohmann::json& layer : prepared.at("experts_touched")) touched += layer.get<double>();
  EXPECT_GE(touched, kLayers * 2);  // those of one token
  EXPECT_LE(touched, kLayers * 4);  // all
  expect("feed_forward", touched * kExpert * kFloat, kLayers * kTokens * 2 * kExpert * kPair);
  expect("head", 258 * 32 * kFloat, kTokens * 258 * 32 * kPair);
  expect("rest", ((2 * kLayers + 1) * 32 + kTokens * 32) * kFloat, 0);
}

// What tools/peers asks: answers in the order of the questions, and steps as many as were asked
// for.
TEST(serve_steps, keeps_a_model_and_answers_lines) {
  const std::filesystem::path folder = fresh_folder("serve_steps");
  const std::string target = "synthetic:" + write_tiny_config(folder).string();
  std::ofstream(folder / "stdin.txt") << R"({"do":"logits","ids":[3,14,15],"file":"logits"}
{"do":"prepare","step":{"batch":2,"context":4,"new_tokens":1},"ids":[[1,2,3,4,5,6],[7,8,9,10,11,12]]}
{"do":"time","step":{"batch":2,"context":4,"new_tokens":1},"warm_up":1,"least":5,"most":9,"seconds":0}
{"do":"ceilings","threads":1,"passes":1,"bytes":4194304}
)";
  // Held to them also behind a question for what there is: else kernels read what others packed.
  const Variables scalar = {{"MOEBENCH_INSTRUCTIONS", "SCALAR"}};
  const Ran ran = moebench({"serve-steps", target}, folder, scalar);
  ASSERT_EQ(ran.code, 0) << ran.err;
  std::vector<nlohmann::json> answers;
  std::istringstream lines(ran.out);
  for (std::string line; std::getline(lines, line);) answers.push_back(nlohmann::json::parse(line));
  ASSERT_EQ(answers.size(), 5U) << ran.out;
  EXPECT_NE(answers[0].at("version").get<std::string>().find("commit"), std::string::npos);
  EXPECT_EQ(answers[0].at("instructions"), "SCALAR");
  EXPECT_EQ(answers[0].at("numerics"), "fast");
  EXPECT_EQ(answers[2].at("check_difference"), 0);  // `fast` is invariant
  EXPECT_EQ(answers[3].at("step_s").size(), 5U);
  expect_work_of_two_tokens(answers[2]);
  EXPECT_GT(answers[4].at("read"), 0);
  EXPECT_GT(answers[4].at("multiply_add"), 0);

  const Ran shown = moebench(
      {"inspect", "logits", "--target", target, "--tokens", "3,14,15", "--json"}, folder, scalar);
  const auto expected = nlohmann::json::parse(shown.out).at("logits");
  std::ifstream file(folder / "logits", std::ios::binary);
  for (std::size_t row = 0; row < 3; ++row) {
    for (std::size_t token = 0; token < 258; ++token) {
      float logit = 0;
      ASSERT_TRUE(file.read(reinterpret_cast<char*>(&logit), sizeof logit));
      ASSERT_EQ(logit, expected[row][token].get<float>()) << row << " " << token;
    }
  }
}

TEST(serve_steps, says_how_its_target_is_kept_and_computed) {
  const std::filesystem::path folder = fresh_folder("serve_facts");
  const std::string target = "synthetic:" + write_tiny_config(folder).string();
  struct Case {
    const char *keys, *numerics, *weights, *head;
  };
  for (const Case& c : {Case{"@weights=int4", "fast", "int4", "int8"},
                        Case{"@numerics=reference,dtype=bf16", "reference", "bf16", "bf16"}}) {
    const Ran ran = moebench({"serve-steps", target + c.keys}, folder);
    ASSERT_EQ(ran.code, 0) << ran.err;
    const auto facts = nlohmann::json::parse(ran.out);
    EXPECT_EQ(facts.at("numerics"), c.numerics);
    EXPECT_EQ(facts.at("weights"), c.weights);
    EXPECT_EQ(facts.at("head"), c.head);
  }
}

TEST(show, says_how_a_variant_differs_and_what_a_group_is_made_of) {
  const std::filesystem::path folder = fresh_folder("show");
  const Ran helm = moebench({"show", "suite", "mmlu_helm"}, folder);
  EXPECT_EQ(helm.code, 0) << helm.err;
  for (const char* part : {"the answer is generated, one token that has to be the letter",
                           "HELM's order: one of each right answer in turn", "cut on the left"})
    EXPECT_NE(helm.out.find(part), std::string::npos) << helm.out;
  const Ran group = moebench({"show", "suite", "openllm_v1"}, folder);
  EXPECT_EQ(group.code, 0) << group.err;
  for (const char* part : {"the mean of their scores", "members.arc_challenge", "\"shots\":25"})
    EXPECT_NE(group.out.find(part), std::string::npos) << group.out;
  EXPECT_NE(moebench({"list", "suites"}, folder).out.find("commonsense"), std::string::npos);
}

TEST(list, knows_its_nouns_and_speaks_json) {
  const std::filesystem::path folder = fresh_folder("list");
  for (const char* noun :
       {"suites", "targets", "pairs", "datasets", "families", "kernels", "reports", "formats"}) {
    const Ran ran = moebench({"list", noun, "--json"}, folder);
    EXPECT_EQ(ran.code, 0) << noun << ran.err;
    std::istringstream lines(ran.out);
    int count = 0;
    for (std::string line; std::getline(lines, line); ++count)
      EXPECT_TRUE(nlohmann::json::parse(line).is_object());
    EXPECT_GT(count, 0) << noun;
  }
}

TEST(inspect, prints_logits_a_row_per_position) {
  const std::filesystem::path folder = fresh_folder("logits");
  const std::string target = "synthetic:" + write_tiny_config(folder).string();
  const Ran ran =
      moebench({"inspect", "logits", "--target", target, "--tokens", "3,14,15", "--json"}, folder);
  ASSERT_EQ(ran.code, 0) << ran.err;
  const auto logits = nlohmann::json::parse(ran.out).at("logits");
  ASSERT_EQ(logits.size(), 3U);
  EXPECT_EQ(logits[0].size(), 258U);
}

TEST(inspect, shows_the_other_inputs_too) {
  const std::filesystem::path folder = fresh_folder("inspect");
  const std::string target = "synthetic:" + write_tiny_config(folder).string();
  const auto json = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--target", target, "--json"});
    const Ran ran = moebench(arguments, folder);
    EXPECT_EQ(ran.code, 0) << ran.err;
    return nlohmann::json::parse(ran.out);
  };
  EXPECT_EQ(json({"inspect", "tokenize", "--text", "Ab"}).at("ids"),
            (std::vector<int>{256, 65, 98}));
  EXPECT_LT(json({"inspect", "score", "--context", "one", "--continuation", " two"})
                .at("log_likelihood")
                .get<double>(),
            0);
  EXPECT_EQ(json({"inspect", "routing", "--text", "ab"}).at("layers").size(), 2U);
  EXPECT_EQ(json({"inspect", "prompt", "--suite", "world"}).at("requests").size(), 4U);
}

TEST(inspect, prints_the_worlds_text_a_json_string_a_line) {
  const auto lines = [](const std::vector<std::string>& options) {
    std::vector<std::string> arguments = {"inspect", "corpus", "--documents", "20"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Ran ran = moebench(arguments, fresh_folder("corpus"));
    EXPECT_EQ(ran.code, 0) << ran.err;
    std::vector<std::string> out;
    std::istringstream text(ran.out);
    for (std::string line; std::getline(text, line);)
      out.push_back(nlohmann::json::parse(line).get<std::string>());
    return out;
  };
  const std::vector<std::string> begin = lines({}), later = lines({"--first", "15"});
  ASSERT_EQ(begin.size(), 20U);
  EXPECT_TRUE(std::equal(begin.begin() + 15, begin.end(), later.begin()));
  EXPECT_EQ(lines({"--seed", "1"}), begin);
  EXPECT_NE(lines({"--seed", "2"}), begin);
  for (const std::string& document : begin) EXPECT_FALSE(document.ends_with('\n')) << document;
}

TEST(check, finds_everything_in_order) {
  const std::filesystem::path folder = fresh_folder("check");
  const Ran ran =
      moebench({"check", "--target", "synthetic:" + write_tiny_config(folder).string()}, folder);
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
}

TEST(check, names_every_cuda_kernel_or_says_why_none_was_run) {
  const Ran ran = moebench({"check", "--json"}, fresh_folder("check"));
  const bool run = ran.out.find("on the GPU\"") != std::string::npos;
  const bool not_run = ran.out.find(R"("verdict":"not run: )") != std::string::npos;
  EXPECT_NE(run, not_run) << ran.out;
}

// A folder with a config and no weights is found, and cannot be loaded.
TEST(check, goes_on_behind_a_target_that_cannot_be_loaded) {
  const std::filesystem::path folder = fresh_folder("check"), empty = folder / "empty";
  const std::filesystem::path config = write_tiny_config(folder);
  std::filesystem::create_directory(empty);
  std::filesystem::copy_file(config, empty / "config.json");
  const Ran ran =
      moebench({"check", "-t", empty.string(), "-t", "synthetic:" + config.string()}, folder);
  EXPECT_EQ(ran.code, 1) << ran.out << ran.err;
  EXPECT_NE(ran.out.find("failed: "), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("batch 2, context 0"), std::string::npos) << ran.out;
}

TEST(check, refuses_a_mistyped_target_before_it_checks_anything) {
  const std::filesystem::path folder = fresh_folder("check");
  const Ran ran = moebench({"check", "-t", "synthetic:" + write_tiny_config(folder).string(), "-t",
                            (folder / "nothing").string()},
                           folder);
  EXPECT_EQ(ran.code, 2) << ran.out << ran.err;
  EXPECT_EQ(ran.out, "");
  EXPECT_NE(ran.err.find("nothing"), std::string::npos) << ran.err;
}

/// The tiny config with some of its keys changed.
std::string tiny_with(const std::filesystem::path& folder, const nlohmann::json& changes) {
  nlohmann::json config = nlohmann::json::parse(text_of(write_tiny_config(folder)));
  config.update(changes);
  const std::filesystem::path file = folder / "changed.json";
  std::ofstream(file) << config;
  return "synthetic:" + file.string();
}

// 2^32 rows of 8000 floats fill the 2^47 bytes that a process can address all but 2 %, and the
// program lies among them: what is thrown is no Error of this project.
TEST(check, keeps_what_it_found_where_memory_runs_out) {
  const std::filesystem::path folder = fresh_folder("check");
  const Ran ran = moebench({"check", "-t",
                            tiny_with(folder, {{"vocab_size", 4294967295},
                                               {"hidden_size", 8000},
                                               {"head_dim", 16},
                                               {"tie_word_embeddings", true}})},
                           folder);
  EXPECT_EQ(ran.code, 1) << ran.out << ran.err;
  EXPECT_NE(ran.out.find("out of memory: "), std::string::npos) << ran.out << ran.err;
  EXPECT_NE(ran.out.find("linear packed"), std::string::npos) << ran.out;
}

TEST(check, cuts_its_steps_to_a_model_of_few_positions) {
  const std::filesystem::path folder = fresh_folder("check");
  const Ran ran =
      moebench({"check", "-t", tiny_with(folder, {{"max_position_embeddings", 4}})}, folder);
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  for (const char* shape : {"batch 2, context 0, 4 new tokens", "batch 4, context 3, 1 new tokens",
                            "batch 3, context 3, 1 new tokens"})
    EXPECT_NE(ran.out.find(shape), std::string::npos) << ran.out;
}

TEST(check, says_which_variant_of_each_operation_is_used) {
  const Ran ran = moebench({"check", "--json"}, fresh_folder("check"));
  std::map<std::string, int> used;
  std::istringstream lines(ran.out);
  for (std::string line; std::getline(lines, line);) {
    const auto row = nlohmann::json::parse(line);
    const auto what = row.at("what").get<std::string>();
    if (!row.at("used by numerics=fast").is_string()) continue;  // it was not run
    const bool is_used = row.at("used by numerics=fast").get<std::string>().starts_with("yes: ");
    used[what.substr(0, what.find(' '))] += is_used ? 1 : 0;
  }
  EXPECT_GE(used.size(), 8U) << ran.out;
  for (const auto& [operation, count] : used) EXPECT_EQ(count, 1) << operation;
}

TEST(doctor, tells_a_dataset_with_another_digest_from_one_that_is_not_there) {
  const TemporaryFolder folder;
  folder.write("data/tinyshakespeare/input.txt", "Not to be.\n");
  const Ran ran = moebench({"doctor", "--json"}, folder.path(),
                           {{"MOEBENCH_DATA", (folder.path() / "data").string()}});
  ASSERT_EQ(ran.code, 0) << ran.err;
  std::map<std::string, nlohmann::json> rows;
  std::istringstream lines(ran.out);
  for (std::string line; std::getline(lines, line);) {
    const auto row = nlohmann::json::parse(line);
    rows[row.at("what").get<std::string>()] = row;
  }
  const nlohmann::json wrong = rows.at("dataset tinyshakespeare"),
                       missing = rows.at("dataset mmlu");
  EXPECT_EQ(wrong.at("found"), "not usable");
  EXPECT_NE(wrong.at("remark").get<std::string>().find("pinned is"), std::string::npos) << wrong;
  EXPECT_EQ(missing.at("found"), "not there");
  EXPECT_EQ(missing.at("remark"), "moebench fetch dataset mmlu");
  EXPECT_EQ(rows.at("dataset world").at("found"), "ready") << "it is generated";
}

// A link to itself can be followed by nobody; a folder that may not be entered is the same error to
// all but root.
TEST(doctor, says_why_it_cannot_look_for_a_dataset) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path() / "data");
  std::filesystem::create_symlink("tinyshakespeare", folder.path() / "data/tinyshakespeare");
  const Ran ran = moebench({"doctor", "--json"}, folder.path(),
                           {{"MOEBENCH_DATA", (folder.path() / "data").string()}});
  ASSERT_EQ(ran.code, 0) << ran.err;
  std::istringstream lines(ran.out);
  for (std::string line; std::getline(lines, line);) {
    const auto row = nlohmann::json::parse(line);
    if (row.at("what") != "dataset tinyshakespeare") continue;
    EXPECT_EQ(row.at("found"), "not usable");
    EXPECT_NE(row.at("remark").get<std::string>().find("data/tinyshakespeare: Too many levels"),
              std::string::npos)
        << row;
    return;
  }
  FAIL() << ran.out;
}

TEST(doctor, measures_what_reports_state_shares_of) {
  const std::filesystem::path folder = fresh_folder("ceilings");
  const std::string target = "synthetic:" + write_tiny_config(folder).string();
  ASSERT_EQ(moebench({"run", "decode", "--target", target, "--set", "decode.batch=1", "--set",
                      "decode.context=16", "--db", "a.sqlite"},
                     folder)
                .code,
            0);
  const auto report = [&] {
    return moebench({"report", "run", "--format", "md", "--db", "a.sqlite"}, folder).out;
  };
  EXPECT_NE(report().find("`moebench doctor --measure` measures it"), std::string::npos);
  const Ran measured = moebench({"doctor", "--measure", "--db", "a.sqlite"}, folder);
  if (!why_slow(build_info().flags).empty()) {
    EXPECT_EQ(measured.code, 2) << measured.out;
    EXPECT_NE(measured.err.find("no ceiling"), std::string::npos) << measured.err;
    return;
  }
  ASSERT_EQ(measured.code, 0) << measured.err;
  EXPECT_NE(measured.out.find("multiply-add  bf16"), std::string::npos) << measured.out;
  EXPECT_TRUE(std::regex_search(measured.out, std::regex("bf16 +(native|converted)")))
      << measured.out;
  EXPECT_NE(report().find("of reading"), std::string::npos) << report();
  EXPECT_EQ(moebench({"doctor", "--db", "a.sqlite"}, folder).code, 2) << "nothing is stored";
}

TEST(program, says_where_an_error_was_noticed_when_asked) {
  const std::filesystem::path folder = fresh_folder("verbose");
  const Ran plain = moebench({"sql", "SELECT 1"}, folder);
  const Ran verbose = moebench({"--verbose", "sql", "SELECT 1"}, folder);
  EXPECT_EQ(plain.err.find("noticed at"), std::string::npos) << plain.err;
  EXPECT_TRUE(verbose.err.starts_with(plain.err)) << verbose.err;
  EXPECT_NE(verbose.err.find("results/store.cpp:"), std::string::npos) << verbose.err;
  EXPECT_EQ(verbose.code, 2);
}

}  // namespace
}  // namespace moe
