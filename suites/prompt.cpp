#include "suites/prompt.h"

#include <algorithm>

#include "harness/error.h"
#include "models/engine/encode.h"

namespace moe {
namespace {

/// Fills {name} in; `field` gives a name's text or throws.
template <typename Field>
std::string filled(std::string_view text, const Field& field) {
  std::string out;
  while (!text.empty()) {
    const std::size_t open = std::min(text.find('{'), text.size());
    out.append(text.substr(0, open));
    if (open == text.size()) break;
    const std::size_t close = text.find('}', open);
    require(close != std::string_view::npos, "[prompt]: \"{}\": a brace that does not close", text);
    out.append(field(text.substr(open + 1, close - open - 1)));
    text.remove_prefix(close + 1);
  }
  return out;
}

std::string spaced(std::string_view subset) {
  std::string out(subset);
  std::ranges::replace(out, '_', ' ');
  return out;
}

bool strips(const PromptTemplate& prompt, std::string_view field) {
  return std::ranges::find(prompt.strip, field) != prompt.strip.end();
}

std::string question_of(const PromptTemplate& prompt, std::string_view subset, const Item& item) {
  return filled(prompt.question, [&](std::string_view name) -> std::string {
    if (name == "subject") return spaced(subset);
    if (name == "question")
      return std::string(strips(prompt, "question") ? stripped(item.question)
                                                    : std::string_view(item.question));
    require(name.starts_with("choice_") && name.size() == 8 && name[7] >= '0' && name[7] <= '9',
            "[prompt]: unknown placeholder {{{}}}", name);
    const auto choice = static_cast<std::size_t>(name[7] - '0');
    require(choice < item.choices.size(), "[prompt]: {{{}}}: the question \"{}\" has {} choices",
            name, item.question.substr(0, 60), item.choices.size());
    return std::string(strips(prompt, "choices") ? stripped(item.choices[choice])
                                                 : std::string_view(item.choices[choice]));
  });
}

const std::string& answer_of(const PromptTemplate& prompt, const Item& item, std::size_t choice) {
  const std::vector<std::string>& answers = prompt.answers.empty() ? item.choices : prompt.answers;
  require(choice < answers.size(),
          "[prompt]: answers: the question \"{}\" has {} choices, there are {} answers",
          item.question.substr(0, 60), item.choices.size(), answers.size());
  return answers[choice];
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
                        .strip = table.value("strip", std::vector<std::string>()),
                        .answers = table.value("answers", std::vector<std::string>())};
  for (const std::string& field : prompt.strip)
    require(field == "question" || field == "choices",
            "[prompt]: strip: unknown field \"{}\"; known are question, choices", field);
  const Item probe{.question = "?", .choices = std::vector<std::string>(10, "?")};
  question_of(prompt, "", probe);
  context_of(prompt, "", {}, probe);
  return prompt;
}

std::string context_of(const PromptTemplate& prompt, std::string_view subset,
                       std::span<const Item> shots, const Item& item) {
  std::string out = filled(prompt.description, [&](std::string_view name) {
    require(name == "subject", "[prompt]: description: unknown placeholder {{{}}}", name);
    return spaced(subset);
  });
  for (const Item& shot : shots) {
    require(shot.gold >= 0, "an example without an answer: \"{}\"", shot.question.substr(0, 60));
    out += question_of(prompt, subset, shot) + " " +
           answer_of(prompt, shot, static_cast<std::size_t>(shot.gold)) + "\n\n";
  }
  return out + question_of(prompt, subset, item);
}

std::vector<std::string> continuations_of(const PromptTemplate& prompt, const Item& item) {
  std::vector<std::string> out;
  for (std::size_t c = 0; c < item.choices.size(); ++c)
    out.push_back(" " + answer_of(prompt, item, c));
  return out;
}

}  // namespace moe
