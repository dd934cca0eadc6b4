#include "tests/results/plans.h"

#include <sys/wait.h>
#include <unistd.h>
#include <fmt/format.h>

#include <cstdio>

namespace moe::testing {

RunRow plan_of(int cases, bool timed) {
  RunRow row{.command = "moebench run quiz --target tiny",
             .build = "moebench 0.1.0 abc",
             .question_limit = 10,
             .environment = {.host = "h",
                             .cpu = "c",
                             .cores = 2,
                             .memory_bytes = 1 << 30,
                             .gpu = "",
                             .driver = "",
                             .os = "Linux"},
             .suites = {{.name = "quiz",
                         .kind = "multiple_choice",
                         .title = "a quiz",
                         .toml = "kind = 'multiple_choice'",
                         .sha256 = "5a17e",
                         .version = 3}},
             .targets = {{.identity = "t0",
                          .name = "tiny",
                          .spec = "synthetic:tiny",
                          .family = "llama",
                          .dtype = "f32",
                          .numerics = "reference"}},
             .cases = {}};
  for (int i = 0; i < cases; ++i) {
    row.cases.push_back({.key = fmt::format("c{}", i),
                         .point_json = fmt::format(R"({{"shots":{}}})", i),
                         .dataset_digest = "d",
                         .timed = timed});
  }
  return row;
}

Document document_of(const std::string& case_key, std::int64_t document, std::int64_t choices) {
  return {case_key, "quiz_a", document, "1", fmt::format(R"({{"choices":{}}})", choices)};
}

Answer answer_of(const std::string& case_key, std::int64_t document, std::int64_t choice) {
  return {.case_key = case_key,
          .task = "quiz_a",
          .document = document,
          .choice = choice,
          .continuation = fmt::format(" {}", choice),
          .generated = "",
          .log_likelihood = -1.5 - static_cast<double>(choice),
          .is_greedy = choice == 0,
          .context_tokens = 12,
          .continuation_tokens = 1,
          .truncated_tokens = 0,
          .tokens_sha256 = "70",
          .prompt_sha256 = "90"};
}

TrainingRow training_of() {
  return {.identity = "1d",
          .name = "tiny",
          .config_toml = "steps = 3\n",
          .model_json = R"({"hidden_size":8})",
          .data = "a small world",
          .data_digest = "d1",
          .tokenizer_digest = "70",
          .seed = 5,
          .learning_rate = 0.003,
          .threads = 2,
          .planned_tokens = 3000,
          .flops_per_token = 6e3,
          .build = "moebench 0.1.0 abc",
          .command = "moebench train tiny.toml",
          .environment = plan_of().environment};
}

std::string cell(const Store& store, const std::string& sql) {
  return to_text(store.query(sql).rows.at(0).at(0));
}

pid_t in_child(const std::function<void()>& work) {
  const pid_t child = fork();
  if (child != 0) return child;
  try {
    work();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    _exit(1);
  }
  _exit(0);
}

int wait_for(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace moe::testing
