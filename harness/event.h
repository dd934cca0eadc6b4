// What a worker process tells its parent: one JSON object per line on its standard output.
//
//   parent ──Jobs (a line each on stdin)──▶ worker ──Events (lines on stdout)──▶ parent ──▶ store
//
// A worker is any binary that speaks this protocol, so two builds can be compared. It does one job
// after another until its input ends, and waits for the next without using the machine: several may
// be alive, each with its model in memory. The first line is Hello; a parent refuses a version it
// does not know. Unknown fields are ignored, unknown event types are errors. All text is UTF-8;
// what is not is replaced by U+FFFD when it is written.
//
// The functions here may be called from any thread. An EventSink is called from one thread at a
// time.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <variant>
#include <vector>
#include <nlohmann/json_fwd.hpp>

#include "harness/outcome.h"

namespace moe {

using Json = nlohmann::json;

inline constexpr int kProtocolVersion = 2;

/// First line of every worker.
struct Hello {
  int protocol = kProtocolVersion;
  std::string build;                      // commit, compiler, flags
  std::int64_t rank = 0, world_size = 1;  // only rank 0 speaks
};

/// The worker has resolved and loaded the job's target, or has it in memory from the job before. A
/// parent holds the identity against what it planned.
struct TargetLoaded {
  std::string identity;  // sha256 over config, weights and keys
  double load_s = 0;     // 0: it was in memory
};

struct CaseStarted {
  std::string case_key;
};

/// One raw measurement of a case in this launch.
struct Sample {
  std::string case_key;
  std::string metric;      // "step_s", "peak_resident_bytes"
  std::string scope;       // "" or a part: "layer.3"
  std::int64_t index = 0;  // order within (case, launch, metric, scope)
  double value = 0;
};

/// One scored request: a choice of a question, a rolling window's document, or a generated text.
struct Answer {
  std::string case_key;
  std::string task;           // leaf task: "mmlu_anatomy"
  std::int64_t document = 0;  // index in file order
  std::int64_t choice = 0;
  std::string filter = "none";
  std::string continuation;  // the choice's text; empty for rolling
  std::string generated;     // only for generation
  double log_likelihood = std::numeric_limits<double>::quiet_NaN();
  bool is_greedy = false;
  std::int64_t context_tokens = 0, continuation_tokens = 0, truncated_tokens = 0;
  std::string tokens_sha256;  // ids of context and continuation before truncation, decimal, joined
                              // by spaces
  std::string prompt_sha256;  // UTF-8 of context + continuation
};

/// What a question is apart from its answers: needed to judge them later. Sent before its answers.
struct Document {
  std::string case_key;
  std::string task;
  std::int64_t document = 0;
  std::string target;             // gold: index of the right choice, or the reference text
  std::string facts_json = "{}";  // lengths for normalisation, words, bytes, group, ...
};

/// Tokens routed to one expert of one layer since the last such event of the case: a parent adds
/// them up, so that a worker that is killed leaves the counts of what it did.
struct RoutingCount {
  std::string case_key;
  std::int64_t layer = 0, expert = 0, tokens = 0;
};

struct Progress {
  std::string case_key;  // empty while the target is loaded
  std::int64_t done = 0, total = 0;
  std::string unit;  // "questions", "samples"
};

struct CaseEnded {
  std::string case_key;
  Verdict verdict;
};

/// The last of a job: the worker waits for another one, or for the end of its input.
struct JobEnded {};

struct LogLine {
  std::string level;  // "info", "warning"
  std::string text;
};

using Event = std::variant<Hello, TargetLoaded, CaseStarted, Document, Answer, Sample, RoutingCount,
                           Progress, CaseEnded, JobEnded, LogLine>;

/// One line, without the newline. NaN and infinities are written as null and read back as NaN.
std::string to_line(const Event&);

/// Throws Error that shows the offending text. Of a Hello of another protocol version only
/// `protocol` is read.
Event parse_event(std::string_view line);

/// Where a worker's events go: standard output, or a list in a test.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void send(const Event&) = 0;
};

/// One case as a worker is told of it. `done` names the documents whose answers the store already
/// has, so that a resumed case asks only for the rest.
struct CaseJob {
  std::string case_key;
  std::string suite_name;
  std::string suite_toml;  // the resolved suite file
  // Where the files that it names lie; "": it names none.
  // NOLINTNEXTLINE(readability-redundant-member-init): else g++ wants it named
  std::string suite_folder = {};
  std::string point_json;  // {"batch": 8, "context": 2048}
  struct Done {
    std::string task;
    std::int64_t document = 0;
  };
  std::vector<Done> done;
};

/// What a worker is asked to do, as a line on its standard input.
struct Job {
  int protocol = kProtocolVersion;
  std::string target;       // as written by the user, with --set of target keys applied
  std::int64_t launch = 0;  // counts the processes that measure a case
  std::int64_t limit = -1;  // questions per leaf task, -1: all
  std::string data_root;    // where datasets are
  double timeout_s = 0;     // that a timed case may sample; 0: its suite's own
  std::vector<CaseJob> cases;
};

std::string to_line(const Job&);
Job parse_job(std::string_view line);

}  // namespace moe
