// fetch model|dataset NAME: downloads through huggingface_hub in .venv, then checks the digest.
#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/command.h"
#include "cli/python.h"
#include "cli/tell.h"
#include "datasets/dataset.h"
#include "datasets/file_text.h"
#include "harness/error.h"
#include "models/library.h"

namespace moe {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ",") + word;
  return out;
}

/// "test=test/{subset}.jsonl,...": of a split's alternatives the last, which is the fetched one.
/// What comes with the program is none of them.
std::string files_to_write(const Dataset& dataset) {
  std::vector<std::string> pairs;
  pairs.reserve(dataset.splits.size());
  for (const Split& split : dataset.splits) {
    if (is_bundled(split.file)) continue;
    pairs.push_back(split.name + "=" + split.file.substr(split.file.rfind('|') + 1));
  }
  return joined(pairs);
}

/// The script's exit code, whose meanings are those of ExitCode.
int run_script(std::vector<std::string> arguments) {
  require(std::filesystem::exists(python()), "{} is not there; ./bootstrap.sh makes it",
          python().string());
  arguments.insert(arguments.begin(), std::string(MOE_SOURCE_DIR) + "/datasets/fetch.py");
  const int code = run_python(arguments);
  const bool known = code == kDone || code == kNotOk || code == kUsage || code == kInterrupted;
  return known ? code : kDefect;
}

int fetch_dataset(const std::string& name) {
  const Dataset& dataset = find_dataset(name);
  if (dataset.directory.empty()) {
    tell("{} is generated: nothing to fetch\n", name);
    return kDone;
  }
  const std::filesystem::path root = default_data_root();
  const int code =
      run_script({"dataset", name, "--source", dataset.source, "--revision", dataset.revision,
                  "--reader", dataset.reader, "--splits", files_to_write(dataset), "--subsets",
                  joined(dataset.subsets), "--configuration", dataset.configuration, "--split-by",
                  dataset.split_by, "--out", (root / dataset.directory).string()});
  if (code != kDone) return code;
  for (const Split& split : dataset.splits) {
    const std::string found = digest(dataset, split.name, root);
    record_digest(dataset, split.name, root);
    tell("{} {}: sha256 {}{}\n", name, split.name, found,
         split.sha256.empty() ? ", recorded: none is pinned" : ", as pinned");
  }
  return kDone;
}

/// A card stands for its repository and, where none is asked for, its revision.
int fetch_model(std::string name, std::string revision) {
  const auto card = std::ranges::find(cards(), name, &Card::name);
  if (card != cards().end() && !card->bundled.empty()) {
    tell("{} comes with the program: nothing to fetch\n", name);
    return kDone;
  }
  if (card != cards().end()) {
    name = card->repository;
    if (revision.empty()) revision = card->revision;
  }
  return run_script({"model", name, "--revision", revision.empty() ? "main" : revision});
}

int run(const Arguments& arguments) {
  std::string what, name, revision;
  CLI::App app("Downloads a model into the Hugging Face cache, or a dataset into moebench's.",
               "moebench fetch");
  app.add_option("what", what, "model or dataset")
      ->required()
      ->check(CLI::IsMember(std::vector<std::string>{"model", "dataset"}));
  app.add_option("name", name,
                 "org/name or a card of a model, or a dataset of `moebench list datasets`")
      ->required();
  app.add_option("--revision", revision,
                 "a branch, tag or commit of a model; without it the card's, or main");
  if (const auto code = parse(app, arguments)) return *code;
  return what == "dataset" ? fetch_dataset(name) : fetch_model(name, revision);
}

}  // namespace

extern const Command fetch = {.name = "fetch",
                              .summary = "downloads a model or a dataset, and checks its digest",
                              .run = run};

}  // namespace moe
