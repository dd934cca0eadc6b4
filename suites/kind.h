// A kind of suite: how a case is run in a worker, and how what was stored becomes values.
//
//   worker:  run(task, engine, sink)        measures and answers; sends raw events only
//   parent:  summarise(suite, record)       values, from what the store kept
//
// A group is run by nobody: its record is what its members came to (suites/group.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/case_record.h"
#include "harness/event.h"
#include "harness/value.h"
#include "models/engine/engine.h"
#include "suites/suite.h"

namespace moe {

/// What a worker is to do for one case.
struct CaseTask {
  const Suite* suite = nullptr;
  std::string case_key;
  Json point;
  std::int64_t launch = 0;  // counts the processes that measure the case
  std::int64_t limit = -1;  // questions per leaf task; -1: all
  std::filesystem::path data_root;
  std::set<std::pair<std::string, std::int64_t>> done;  // (task, document) already answered
  // NOLINTBEGIN(readability-redundant-member-init): else g++ wants them named
  std::string target = {};  // as it is written
  /// Opens a target of its own beside the case's engine. Error where it cannot be loaded; that of a
  /// lack of memory is the case's out_of_memory.
  std::function<std::unique_ptr<Engine>(const std::string& target)> open = {};
  // NOLINTEND(readability-redundant-member-init)
};

/// The metrics of one question: {"acc": 1.0}.
struct DocumentMetrics {
  std::string task;
  std::int64_t document = 0;
  std::string metrics_json;
};

struct Summary {
  std::vector<Value> values;
  std::vector<DocumentMetrics> documents;
  Verdict verdict;     // of a case that ran well: whether what it says holds, and why not
  std::string absent;  // why a group has no values: its case is skipped
};

/// What a dry run prints.
struct PlanSummary {
  std::int64_t questions = 0, requests = 0;
  std::int64_t prompt_tokens = 0;  // of the model's inputs, every request counted
  std::int64_t shared_tokens = 0;  // of one trie over the whole case: what is run
  std::int64_t truncated_requests = 0;
};

/// A table of a suite file that a kind reads, and its keys; no keys: any.
struct OptionTable {
  std::string_view name;
  bool required = false;
  std::span<const std::string_view> keys;
};

struct Kind {
  std::string_view name;
  bool timed = false;      // several launches make sense; an unfinished case is measured afresh
  bool questions = false;  // has a dataset
  std::span<const OptionTable> tables;
  /// Checks what the tables hold; Error names the key.
  void (*check)(const Suite&);
  /// Runs the case. An Error is the case's failure; a verdict other than ok says why it was not
  /// measured. Null for groups, which are made of other cases' values.
  Verdict (*run)(const CaseTask&, Engine&, EventSink&);
  Summary (*summarise)(const Suite&, const CaseRecord&);
  /// Counts without a model; null for kinds without questions.
  PlanSummary (*plan)(const CaseTask&, const Tokenizer&, std::int64_t max_tokens);
  /// The splits of the suite's dataset that a point reads; null for kinds without questions.
  std::vector<std::string> (*splits)(const Suite&, const Json& point);
  /// The suite whose data a point reads, where that is another; null: the suite itself.
  Suite (*asked)(const Suite&, const Json& point) = nullptr;
  /// The target that a point of a case of `target` is held against, as it is written; null: none.
  std::string (*other_target)(const Json& point, const std::string& target) = nullptr;
};

std::span<const Kind* const> kinds();
const Kind& find_kind(std::string_view name);

/// Stands for all data that a point reads, examples included: the digest of its split, or sha256
/// over the names and digests of several; "" for a kind without questions.
std::string data_digest(const Suite&, const Json& point, const std::filesystem::path& data_root);

/// Error names line and key of a table or key that the suite's kind does not read, or a table it
/// lacks.
void check_tables(const Suite&, const Kind&);

}  // namespace moe
