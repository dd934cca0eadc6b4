#include "suites/prompt.h"

#include <algorithm>

#include "harness/error.h"
#include "models/engine/encode.h"
#include "suites/data.h"

namespace moe {
namespace {

/// Fills {name} and {name:how} in; `field` gives a name's text or throws.
template <typename Field>
std::string filled(std::string_view text, const Field& field) {
  std::string out;
  while (!text.empty()) {
    const std::size_t open = std::min(text.find('{'), text.size());
    out.append(text.substr(0, open));
    if (open == text.size()) break;
    const std::size_t close = text.find('}', open);
    require(close != std::string_view::npos, "[prompt]: \"{}\": a brace that does not close", text);
    const std::string_view inside = text.substr(open + 1, close - open - 1);
    const std::string_view name = inside.substr(0, inside.find(':'));
    const std::string_view how = inside.substr(std::min(name.size() + 1, inside.size()));
    const std::string value = field(name);
    require(how.empty() || how == "strip" || how == "lstrip",
            "[prompt]: {{{}}}: expected strip or lstrip behind the colon", inside);
    std::string_view kept = value;
    if (how == "strip") kept = stripped(kept);
    if (how == "lstrip") kept.remove_prefix(leading_white_space(kept));
    out.append(kept);
    text.remove_prefix(close + 1);
  }
  return out;
}

std::string spaced(std::string_view subset) {
  std::string out(subset);
  std::ranges::replace(out, '_', ' ');
  return out;
}

std::string maybe_stripped(const PromptTemplate& prompt, std::string_view field,
                           const std::string& text) {
  const bool strips = std::ranges::find(prompt.strip, field) != prompt.strip.end();
  return std::string(strips ? stripped(text) : std::string_view(text));
}

std::string known_fields(const Item& item) {
  std::string out = "subject, question, choice, choices, choice_0 to choice_9, answer";
  for (const auto& [name, text] : item.fields) out += ", " + name;
  return out;
}

/// All choices, a line each.
std::string choices_of(const PromptTemplate& prompt, const Item& item) {
  require(!prompt.choice_line.empty(), "[prompt]: {{choices}} needs `choice_line`");
  require(item.choices.size() <= 26, "[prompt]: {{choices}}: the question \"{}\" has {} choices",
          item.question.substr(0, 60), item.choices.size());
  std::string out;
  for (std::size_t c = 0; c < item.choices.size(); ++c) {
    out += filled(prompt.choice_line, [&](std::string_view name) {
      require(name == "letter" || name == "choice",
              "[prompt]: choice_line: unknown placeholder {{{}}}; known are letter, choice", name);
      return name == "choice" ? maybe_stripped(prompt, "choices", item.choices[c])
                              : std::string(1, static_cast<char>('A' + c));
    });
  }
  return out;
}

/// The text of a placeholder; `choice` is what {choice} stands for.
std::string field_of(const PromptTemplate& prompt, std::string_view subset, const Item& item,
                     std::size_t choice, std::string_view name) {
  const auto choice_text = [&](std::size_t c) {
    require(c < item.choices.size(), "[prompt]: {{{}}}: the question \"{}\" has {} choices", name,
            item.question.substr(0, 60), item.choices.size());
    return maybe_stripped(prompt, "choices", item.choices[c]);
  };
  if (name == "question") return maybe_stripped(prompt, "question", item.question);
  if (name == "choice") return choice_text(choice);
  if (name == "choices") return choices_of(prompt, item);
  if (const auto found = item.fields.find(std::string(name)); found != item.fields.end())
    return found->second;
  if (name == "subject") return spaced(subset);
  if (name == "answer") {
    require(!item.answers.empty(), "[prompt]: {{answer}}: the question \"{}\" has no answers",
            item.question.substr(0, 60));
    return item.answers.front();
  }
  require(name.starts_with("choice_") && name.size() == 8 && name[7] >= '0' && name[7] <= '9',
          "[prompt]: unknown placeholder {{{}}}; record {} (\"{}\") has {}", name, item.index + 1,
          item.question.substr(0, 60), known_fields(item));
  return choice_text(static_cast<std::size_t>(name[7] - '0'));
}

std::string filled_for(const PromptTemplate& prompt, std::string_view text, std::string_view subset,
                       const Item& item, std::size_t choice) {
  return filled(
      text, [&](std::string_view name) { return field_of(prompt, subset, item, choice, name); });
}

std::string answer_of(const PromptTemplate& prompt, std::string_view subset, const Item& item,
                      std::size_t choice) {
  if (!prompt.continuation.empty())
    return filled_for(prompt, prompt.continuation, subset, item, choice);
  const std::vector<std::string>& answers = prompt.answers.empty() ? item.choices : prompt.answers;
  require(choice < answers.size(),
          "[prompt]: answers: the question \"{}\" has {} choices, there are {} answers",
          item.question.substr(0, 60), item.choices.size(), answers.size());
  return answers[choice];
}

/// Those of single subjects. Error names one that the data has not.
decltype(PromptTemplate::descriptions) descriptions_of(const Suite& suite, const Json& table) {
  const auto out = table.value("descriptions", std::map<std::string, std::string>());
  const std::vector<std::string>& subsets = dataset_of(suite).subsets;
  for (const auto& [subset, text] : out)
    require(std::ranges::find(subsets, subset) != subsets.end(),
            "[prompt]: descriptions: {} is no subset of dataset {}", subset, suite.dataset);
  return {out.begin(), out.end()};
}

/// An item that has whatever a template may name.
Item probe_of(const Dataset& dataset) {
  Item probe{.question = "?", .choices = std::vector<std::string>(10, "?")};
  probe.gold = 0;
  probe.answers = {"?"};
  for (const std::string& name : field_names(dataset)) probe.fields[name] = "?";
  return probe;
}

}  // namespace

std::string_view stripped(std::string_view text) {
  text.remove_suffix(trailing_white_space(text));
  return text.substr(leading_white_space(text));
}

PromptTemplate prompt_of(const Suite& suite) {
  const Json& table = suite.options.at("prompt");
  require(table.contains("question"), "[prompt]: question is missing");
  PromptTemplate prompt{.description = table.value("description", ""),
                        .question = table.at("question"),
                        .continuation = table.value("continuation", ""),
                        .choice_line = table.value("choice_line", ""),
                        .alone = table.value("alone", ""),
                        .descriptions = descriptions_of(suite, table),
                        .delimiter = table.value("delimiter", " "),
                        .example_delimiter = table.value("delimiter", " "),
                        .separator = table.value("separator", "\n\n"),
                        .strip = table.value("strip", std::vector<std::string>()),
                        .answers = table.value("answers", std::vector<std::string>())};
  prompt.example_delimiter = table.value("example_delimiter", prompt.delimiter);
  prompt.question_each = prompt.question.find("{choice}") != std::string::npos;
  require(!prompt.question_each || !prompt.continuation.empty(),
          "[prompt]: a question with {{choice}} needs `continuation`, what is scored behind it");
  for (const std::string& field : prompt.strip)
    require(field == "question" || field == "choices",
            "[prompt]: strip: unknown field \"{}\"; known are question, choices", field);
  lead_of(prompt, "", {});
  if (dataset_of(suite).record.all_fields) return prompt;
  const Item probe = probe_of(dataset_of(suite));
  question_of(prompt, "", probe);
  filled_for(prompt, prompt.continuation, "", probe, 0);
  return prompt;
}

std::string lead_of(const PromptTemplate& prompt, std::string_view subset,
                    std::span<const Item* const> shots) {
  const auto own = prompt.descriptions.find(subset);
  const std::string& description =
      own == prompt.descriptions.end() ? prompt.description : own->second;
  std::string out = filled(description, [&](std::string_view name) {
    require(name == "subject", "[prompt]: description: unknown placeholder {{{}}}", name);
    return spaced(subset);
  });
  for (const Item* shot : shots) {
    const bool answered = shot->gold >= 0 || !prompt.continuation.empty();
    require(answered, "an example without an answer: \"{}\"", shot->question.substr(0, 60));
    const auto gold = static_cast<std::size_t>(std::max<std::int64_t>(shot->gold, 0));
    out += question_of(prompt, subset, *shot, gold) + prompt.example_delimiter +
           answer_of(prompt, subset, *shot, gold) + prompt.separator;
  }
  return out;
}

std::string question_of(const PromptTemplate& prompt, std::string_view subset, const Item& item,
                        std::size_t choice) {
  return filled_for(prompt, prompt.question, subset, item, choice);
}

std::vector<std::string> answers_of(const PromptTemplate& prompt, std::string_view subset,
                                    const Item& item) {
  std::vector<std::string> out;
  for (std::size_t c = 0; c < item.choices.size(); ++c)
    out.push_back(answer_of(prompt, subset, item, c));
  return out;
}

}  // namespace moe
