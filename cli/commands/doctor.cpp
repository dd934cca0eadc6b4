// doctor: the machine, the build, what is missing, and the command that mends it; with --measure,
// what the machine can do at most.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <system_error>
#include <utility>
#include <nlohmann/json.hpp>

#include "cli/ceilings_table.h"
#include "cli/command.h"
#include "cli/machine_table.h"
#include "cli/print.h"
#include "cli/python.h"
#include "cli/store_word.h"
#include "cli/tell.h"
#include "datasets/dataset.h"
#include "harness/build_info.h"
#include "harness/error.h"
#include "harness/machine.h"
#include "harness/memory.h"
#include "harness/program_folder.h"
#include "kernels/cuda_module.h"
#include "models/decoder/device.h"

namespace moe {
namespace {

/// A fact for people: {"L1": "48K", "L2": "1M"} is "L1 48K, L2 1M".
std::string words_of(const nlohmann::json& fact) {
  if (fact.is_string()) return fact.get<std::string>();
  if (fact.is_boolean()) return fact.get<bool>() ? "yes" : "no";
  if (!fact.is_structured()) return fact.dump();
  std::string text;
  for (const auto& [key, value] : fact.items())
    text += (text.empty() ? "" : ", ") + (fact.is_object() ? key + " " : "") + words_of(value);
  return text;
}

void machine(Table& table) {
  const Environment e = this_machine();
  table.rows.push_back({"build", build_line(), ""});
  table.rows.push_back(
      {"machine", fmt::format("{}, {} cores, {}", e.cpu, e.cores, text_of_bytes(e.memory_bytes)),
       ""});
  table.rows.push_back({"system", e.os, ""});
  const auto facts = nlohmann::json::parse(e.facts_json);
  for (const auto& [name, fact] : facts.items()) {
    std::string label = name;
    std::ranges::replace(label, '_', ' ');
    if (const std::string text = words_of(fact); !text.empty())
      table.rows.push_back({label, text, ""});
  }
  table.rows.push_back({"memory free", text_of_bytes(available_bytes()), ""});
  const std::optional<double> load = load_average();
  table.rows.push_back({"load", load ? fmt::format("{:.2f}", *load) : "the system does not tell",
                        load && is_busy(*load)
                            ? "other programs are running: times will be longer and noisier"
                            : ""});
}

void gpu(Table& table) {
  const Environment e = this_machine();
  if (e.gpu.empty()) {
    table.rows.push_back({"gpu", "none", ""});
    return;
  }
  table.rows.push_back({"gpu", e.gpu, ""});
  try {
    open_device("cuda");
    table.rows.push_back({"LibTorch on the GPU", "works", ""});
  } catch (const Error& error) {
    table.rows.push_back({"LibTorch on the GPU", "no", error.what()});
  }
  const CudaModule module(program_folder());
  table.rows.push_back(
      {"CUDA kernels", module.api() == nullptr ? "no" : "loaded", module.reason()});
}

/// What there is of a dataset, and what mends it.
std::pair<std::string, std::string> found_of(const Dataset& dataset,
                                             const std::filesystem::path& root) {
  if (!dataset.directory.empty()) {  // else it is generated
    const std::filesystem::path folder = root / dataset.directory;
    std::error_code failed;
    const bool there = std::filesystem::exists(folder, failed);
    if (failed) return {"not usable", fmt::format("{}: {}", folder.string(), failed.message())};
    if (!there) return {"not there", fmt::format("moebench fetch dataset {}", dataset.name)};
  }
  try {
    for (const Split& split : dataset.splits) digest(dataset, split.name, root);
    return {"ready", ""};
  } catch (const Error& error) {  // a file is missing, broken, or has not the pinned digest
    return {"not usable", error.what()};
  } catch (const std::filesystem::filesystem_error& error) {
    return {"not usable", fmt::format("{}: {}", error.path1().string(), error.code().message())};
  }
}

void data(Table& table) {
  const std::filesystem::path root = default_data_root();
  for (const Dataset& dataset : datasets()) {
    auto [found, remark] = found_of(dataset, root);
    table.rows.push_back({"dataset " + dataset.name, std::move(found), std::move(remark)});
  }
}

int run(const Arguments& arguments) {
  bool json = false, measure = false;
  std::string db;
  CLI::App app(
      "Says what machine and build this is, what is missing, and how to mend it. With --measure it "
      "says how fast this machine reads memory and multiplies, and stores that: reports "
      "state rates as a share of it.",
      "moebench doctor");
  app.add_flag("--json", json, "JSON Lines");
  CLI::Option* const flag =
      app.add_flag("--measure", measure, "the machine's ceilings; nothing else should run");
  app.add_option("--db", db, "the store, for --measure")->needs(flag);
  if (const auto code = parse(app, arguments)) return *code;
  if (measure) {
    const std::string_view slow = why_slow(build_info().flags);
    require(
        slow.empty(),
        "--measure: this program is {} ({}): what it reaches is no ceiling of the machine, and is "
        "not stored; measure with the preset release",
        slow, build_info().flags);
    Store store(store_file(db));
    if (const auto load = load_average(); load && is_busy(*load)) {
      tell(
          "moebench doctor: a load of {:.2f}: other programs are at work, and what is measured is "
          "less than the machine can do\n",
          *load);
    }
    print(measure_ceilings(store), json, "nothing");
    return kDone;
  }
  Table table = machine_table();
  std::error_code failed;
  const bool has_python = std::filesystem::exists(python(), failed);
  table.rows.push_back({"python for fetch and charts", has_python ? python().string() : "not there",
                        has_python ? "" : "./bootstrap.sh"});
  data(table);
  print(table, json, "nothing");
  return kDone;
}

}  // namespace

Table machine_table() {
  Table table{.columns = {"what", "found", "remark"}, .rows = {}};
  machine(table);
  gpu(table);
  return table;
}

extern const Command doctor = {
    .name = "doctor",
    .summary = "machine, build, what is missing and the command that mends it",
    .run = run};

}  // namespace moe
