#include "suites/asking.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "harness/clock.h"
#include "harness/error.h"
#include "harness/random.h"
#include "models/engine/trie.h"
#include "models/engine/windows.h"
#include "suites/excluded.h"

namespace moe {
namespace {

constexpr double kProgress_s = 0.2, kWait_s = 0.5;

/// What was answered waits for the end of its step and goes out behind the routing that its step
/// caused: of a worker that is killed no answer is left whose routing is lost.
class Answers {
 public:
  Answers(const CaseTask& task, Engine& engine, EventSink& sink)
      : task_(task), engine_(engine), sink_(sink) {}

  void add(Answer answer) { waiting_.push_back(std::move(answer)); }

  void end_step() {
    if (steady_seconds() - sent_s_ >= kWait_s) send();
  }

  void send() {
    send_routing(task_, engine_, sink_);
    for (const Answer& answer : waiting_) sink_.send(answer);
    waiting_.clear();
    sent_s_ = steady_seconds();
  }

 private:
  const CaseTask& task_;
  Engine& engine_;
  EventSink& sink_;
  std::vector<Answer> waiting_;
  double sent_s_ = steady_seconds();
};

/// What a model sees of a request; of one that generates, its context.
std::vector<Window> inputs_of(const Request& request, std::int64_t max_tokens) {
  if (request.kind != RequestKind::generate) return windows_of(request, max_tokens);
  const std::int64_t cut = cut_for_generation(request, max_tokens);
  const std::span<const TokenId> ids = *request.context_ids;
  return {{.lead = ids.subspan(static_cast<std::size_t>(cut)),
           .rest = {},
           .targets = {},
           .truncated = cut}};
}

}  // namespace

// Questions are taken by value: the requests of full MMLU are hundreds of megabytes, held once.
void ask(const CaseTask& task, Engine& engine, EventSink& sink, std::vector<Question> questions,
         std::int64_t before) {
  exclude_too_long(questions, engine.capabilities().max_tokens);
  std::vector<Request> requests;
  struct Place {
    std::size_t question = 0;
    std::int64_t choice = 0;
    bool unconditional = false;
  };
  std::vector<Place> place;  // of each request
  std::vector<std::size_t> waiting;
  for (std::size_t q = 0; q < questions.size(); ++q) {
    sink.send(questions[q].document);
    waiting.push_back(questions[q].requests.size());
    for (std::size_t c = 0; c < questions[q].requests.size(); ++c) {
      requests.push_back(std::move(questions[q].requests[c]));
      const std::size_t choices = questions[q].requests.size() - questions[q].unconditional;
      place.push_back({q, static_cast<std::int64_t>(c % choices), c >= choices});
    }
    questions[q].requests.clear();
  }
  const auto total = before + static_cast<std::int64_t>(questions.size());
  std::int64_t done = before + std::ranges::count(waiting, 0U);  // excluded ones
  double told_s = 0;
  engine.reset_expert_loads();
  const double begun_s = steady_seconds(), in_steps_s = engine.step_seconds();
  Answers answers(task, engine, sink);
  RequestDigests digests;
  const auto answered = [&](std::size_t i, const Scored& scored) {
    const auto [q, choice, unconditional] = place[i];
    const bool generated = requests[i].kind == RequestKind::generate;
    require(generated || scored.log_likelihood == scored.log_likelihood,
            "question {} {}: the log-likelihood of choice {} is not a number",
            questions[q].document.task, questions[q].document.document, choice);
    Answer answer = answer_of(task, questions[q].document, choice, requests[i], scored, digests);
    if (unconditional) answer.filter = kUnconditional;
    answers.add(std::move(answer));
    if (--waiting[q] == 0) ++done;
    if (steady_seconds() - told_s < kProgress_s) return;
    told_s = steady_seconds();
    sink.send(Progress{task.case_key, done, total, "questions"});
  };
  try {
    if (!requests.empty() && requests.front().kind == RequestKind::generate) {
      engine.generate(requests, [&](std::size_t i, const Scored& scored) {
        answered(i, scored);
        answers.end_step();
      });
    } else {
      engine.score(requests, answered, [&] { answers.end_step(); });
    }
  } catch (...) {
    answers.send();  // what was answered before it went wrong
    throw;
  }
  answers.send();
  const double steps_s = engine.step_seconds() - in_steps_s;
  if (!std::isfinite(steps_s)) return;
  sink.send(Sample{task.case_key, "asking_s", "", 0, steady_seconds() - begun_s});
  sink.send(Sample{task.case_key, "asking_steps_s", "", 0, steps_s});
}

void ask_again(const CaseTask& task, Engine& engine, EventSink& sink,
               const std::vector<Question>& questions, const Again& again) {
  constexpr std::uint64_t kSeed = 1;
  std::vector<std::pair<std::size_t, std::size_t>> order;  // question and choice
  for (std::size_t q = 0; q < questions.size(); ++q) {
    for (std::size_t c = 0; c < questions[q].requests.size(); ++c) order.emplace_back(q, c);
  }
  if (again.shuffled) Random(kSeed).shuffle(order);
  RequestDigests digests;
  std::int64_t done = 0;
  double told_s = 0;
  const auto tell = [&] {
    if (steady_seconds() - told_s < kProgress_s) return;
    told_s = steady_seconds();
    sink.send(Progress{task.case_key, done, std::ssize(order), "requests, " + again.filter});
  };
  const std::size_t together = again.together == 0 ? order.size() : again.together;
  for (std::size_t begin = 0; begin < order.size(); begin += together) {
    const auto some = std::span(order).subspan(begin, std::min(together, order.size() - begin));
    std::vector<Request> requests;
    for (const auto& [q, c] : some) requests.push_back(questions[q].requests[c]);
    const auto answered = [&](std::size_t i, const Scored& scored) {
      const Document& document = questions[some[i].first].document;
      const auto choice = static_cast<std::int64_t>(some[i].second);
      require(scored.log_likelihood == scored.log_likelihood,
              "question {} {}, {}: the log-likelihood of choice {} is not a number", document.task,
              document.document, again.filter, choice);
      Answer answer = answer_of(task, document, choice, requests[i], scored, digests);
      answer.filter = again.filter;
      sink.send(answer);
      ++done;
    };
    engine.score(requests, answered, tell);
    tell();
  }
  engine.reset_expert_loads();
}

Verdict ask_choices(const CaseTask& task, Engine& engine, EventSink& sink) {
  require(engine.capabilities().log_likelihood, "the engine gives no log-likelihoods");
  ask(task, engine, sink, questions_of(task, engine.tokenizer()),
      static_cast<std::int64_t>(task.done.size()));
  return {};
}

PlanSummary plan_choices(const CaseTask& task, const Tokenizer& tokenizer,
                         std::int64_t max_tokens) {
  return plan_of(questions_of(task, tokenizer), max_tokens);
}

void send_routing(const CaseTask& task, Engine& engine, EventSink& sink) {
  const ExpertLoads loads = engine.expert_loads();
  for (std::size_t layer = 0; layer < loads.size(); ++layer) {
    for (std::size_t expert = 0; expert < loads[layer].size(); ++expert) {
      sink.send(RoutingCount{task.case_key, static_cast<std::int64_t>(layer),
                             static_cast<std::int64_t>(expert), loads[layer][expert]});
    }
  }
  engine.reset_expert_loads();
}

PlanSummary plan_of(std::vector<Question> questions, std::int64_t max_tokens) {
  exclude_too_long(questions, max_tokens);
  PlanSummary plan{.questions = static_cast<std::int64_t>(questions.size())};
  std::vector<Window> windows;
  for (const Question& question : questions) {
    for (const Request& request : question.requests) {
      ++plan.requests;
      bool cut = false;
      for (const Window& window : inputs_of(request, max_tokens)) {
        cut = cut || window.truncated > 0;
        windows.push_back(window);
      }
      plan.truncated_requests += cut ? 1 : 0;
    }
  }
  Trie trie;
  for (const Window& window : windows) trie.add(window.lead, window.rest, window.targets);
  plan.prompt_tokens = trie.input_tokens();
  plan.shared_tokens = trie.tokens();
  return plan;
}

}  // namespace moe
