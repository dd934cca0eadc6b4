// doctor: the machine, the build, what is missing, and the command that mends it.
#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/print.h"
#include "cli/python.h"
#include "datasets/dataset.h"
#include "harness/build_info.h"
#include "harness/error.h"
#include "harness/machine.h"
#include "harness/memory.h"
#include "kernels/cuda_module.h"
#include "models/decoder/device.h"

namespace moe {
namespace {

std::string gigabytes(std::int64_t bytes) {
  return fmt::format("{:.1f} GB", static_cast<double>(bytes) / 1e9);
}

void machine(Table& table) {
  const Environment e = this_machine();
  table.rows.push_back({"build", build_line(), ""});
  table.rows.push_back(
      {"machine", fmt::format("{}, {} cores, {}", e.cpu, e.cores, gigabytes(e.memory_bytes)), ""});
  table.rows.push_back({"system", e.os, ""});
  table.rows.push_back({"facts", e.facts_json, ""});
  table.rows.push_back({"memory free", gigabytes(available_bytes()), ""});
  const std::string load = load_average();
  const bool busy = std::stod(load) > 0.5 * static_cast<double>(e.cores);
  table.rows.push_back(
      {"load", load, busy ? "other programs are running: times will be longer and noisier" : ""});
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

void data(Table& table) {
  const std::filesystem::path root = default_data_root();
  for (const Dataset& dataset : datasets()) {
    std::string found = "ready", mend;
    try {
      digest(dataset, dataset.splits.front().name, root);
    } catch (const Error&) {
      found = "not there";
      mend = fmt::format("moebench fetch dataset {}", dataset.name);
    }
    table.rows.push_back({"dataset " + dataset.name, found, mend});
  }
}

int run(const Arguments& arguments) {
  bool json = false;
  CLI::App app("Says what machine and build this is, what is missing, and how to mend it.",
               "moebench doctor");
  app.add_flag("--json", json, "JSON Lines");
  if (const auto code = parse(app, arguments)) return *code;
  Table table{.columns = {"what", "found", "remark"}, .rows = {}};
  machine(table);
  gpu(table);
  table.rows.push_back({"python for fetch and charts",
                        std::filesystem::exists(python()) ? python().string() : "not there",
                        std::filesystem::exists(python()) ? "" : "./bootstrap.sh"});
  data(table);
  print(table, json, "nothing");
  return kDone;
}

}  // namespace

extern const Command doctor = {
    .name = "doctor",
    .summary = "machine, build, what is missing and the command that mends it",
    .run = run};

}  // namespace moe
