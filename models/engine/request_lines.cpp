#include "models/engine/request_lines.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "harness/json_text.h"
#include "models/tokenizer/utf8.h"

namespace moe {
namespace {

using Json = nlohmann::json;

std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// What was found, short enough for an error.
std::string shown(const Json& json) {
  constexpr std::size_t kMost = 60;
  std::string text = dumped(json);
  if (text.size() <= kMost) return text;
  std::size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "...";
}

/// One line as an object whose keys stand once. `where` is FILE:LINE.
Json object_of(std::string_view text, const std::string& where) {
  constexpr int kDeepest = 64;  // what nests without end would overflow the stack of who walks it
  require(is_utf8(text), "{}: expected UTF-8, found other bytes", where);
  std::set<std::string> keys;
  std::string twice;
  bool too_deep = false;
  const auto look = [&](int depth, Json::parse_event_t event, const Json& parsed) {
    too_deep = too_deep || depth > kDeepest;
    if (event == Json::parse_event_t::key && depth == 1) {
      const auto key = parsed.get<std::string>();
      if (!keys.insert(key).second) twice = key;
    }
    return !too_deep;
  };
  Json json;
  try {
    json = Json::parse(text, look);
  } catch (const Json::exception& error) {
    throw Error(fmt::format("{}: expected a JSON object, found none: {}", where, reason_of(error)),
                std::source_location::current());
  }
  require(!too_deep, "{}: JSON nested deeper than {} levels", where, kDeepest);
  require(json.is_object(), "{}: expected a JSON object, found {}", where, shown(json));
  require(twice.empty(), "{}: key \"{}\" stands twice", where, twice);
  return json;
}

/// The keys of one line, each with its place for errors.
class Keys {
 public:
  Keys(Json json, std::string where) : json_(std::move(json)), where_(std::move(where)) {}

  const std::string& where() const { return where_; }
  bool has(const std::string& key) const { return json_.contains(key); }

  const Json& at(const std::string& key, std::string_view expected) const {
    require(has(key), "{}: {}: expected {}, found no such key", where_, key, expected);
    return json_[key];
  }

  std::string text(const std::string& key) const {
    const Json& value = at(key, "text");
    require(value.is_string(), "{}: {}: expected text, found {}", where_, key, shown(value));
    return value.get<std::string>();
  }

  std::int64_t positive(const std::string& key, std::int64_t missing) const {
    if (!has(key)) return missing;
    const Json& value = json_[key];
    const bool good =
        value.is_number_integer() && value > 0 && value <= std::numeric_limits<std::int32_t>::max();
    require(good, "{}: {}: expected a whole number above 0, found {}", where_, key, shown(value));
    return value.get<std::int64_t>();
  }

  std::vector<TokenId> ids(const std::string& key, bool may_be_empty) const {
    const Json& value = at(key, "token ids");
    const auto is_id = [](const Json& id) {
      return id.is_number_integer() && id >= 0 && id <= std::numeric_limits<TokenId>::max();
    };
    require(value.is_array() && std::ranges::all_of(value, is_id),
            "{}: {}: expected a list of token ids, found {}", where_, key, shown(value));
    require(may_be_empty || !value.empty(), "{}: {}: expected at least one token id, found []",
            where_, key);
    return value.get<std::vector<TokenId>>();
  }

  std::vector<std::string> texts(const std::string& key) const {
    if (!has(key)) return {};
    const Json& value = json_[key];
    require(value.is_array() && std::ranges::all_of(value, &Json::is_string),
            "{}: {}: expected a list of texts, found {}", where_, key, shown(value));
    return value.get<std::vector<std::string>>();
  }

  /// Whether token ids are given, in `with_ids`, and not texts, in `with_text`.
  bool gives_ids(const std::vector<std::string>& with_text,
                 const std::vector<std::string>& with_ids) const {
    const auto given = [this](const std::string& key) { return has(key); };
    const auto text = std::ranges::find_if(with_text, given);
    const auto ids = std::ranges::find_if(with_ids, given);
    require(text == with_text.end() || ids == with_ids.end(),
            "{}: {}: expected texts or token ids, found both", where_,
            ids == with_ids.end() ? "" : *ids);
    return ids != with_ids.end();
  }

  void allow(std::vector<std::string> keys) const {
    keys.insert(keys.begin(), {"id", "type"});
    for (const auto& [key, value] : json_.items())
      require(std::ranges::find(keys, key) != keys.end(), "{}: unknown key \"{}\"; expected {}",
              where_, key, fmt::join(keys, ", "));
  }

 private:
  Json json_;
  std::string where_;
};

void read_log_likelihood(const Keys& keys, RequestLine& line) {
  keys.allow({"context", "continuation", "context_ids", "continuation_ids"});
  line.has_ids = keys.gives_ids({"context", "continuation"}, {"context_ids", "continuation_ids"});
  line.request.kind = RequestKind::log_likelihood;
  if (line.has_ids) {
    line.request.context_ids = keys.ids("context_ids", /*may_be_empty=*/false);
    line.request.continuation_ids = keys.ids("continuation_ids", /*may_be_empty=*/false);
  } else {
    line.request.context = keys.text("context");
    line.request.continuation = keys.text("continuation");
  }
}

void read_rolling(const Keys& keys, RequestLine& line) {
  keys.allow({"text", "text_ids"});
  line.has_ids = keys.gives_ids({"text"}, {"text_ids"});
  line.request.kind = RequestKind::rolling;
  if (line.has_ids) {
    line.request.continuation_ids = keys.ids("text_ids", /*may_be_empty=*/true);
  } else {
    line.request.continuation = keys.text("text");
  }
}

void read_generation(const Keys& keys, RequestLine& line) {
  keys.allow({"context", "context_ids", "until", "max_gen_toks"});
  line.has_ids = keys.gives_ids({"context"}, {"context_ids"});
  line.request.kind = RequestKind::generate;
  if (line.has_ids) {
    line.request.context_ids = keys.ids("context_ids", /*may_be_empty=*/false);
  } else {
    line.request.context = keys.text("context");
  }
  line.request.stop = keys.texts("until");
  line.request.max_new_tokens = keys.positive("max_gen_toks", kGeneratedTokens);
}

RequestLine line_of(std::string_view text, std::int64_t number, const std::string& where) {
  const Keys keys(object_of(text, where), where);
  RequestLine line{.line = number, .id = dumped(keys.at("id", "a JSON value")), .request = {}};
  constexpr std::string_view kTypes = "loglikelihood, loglikelihood_rolling or generate_until";
  const Json& type = keys.at("type", kTypes);
  if (type == "loglikelihood") {
    read_log_likelihood(keys, line);
  } else if (type == "loglikelihood_rolling") {
    read_rolling(keys, line);
  } else {
    require(type == "generate_until", "{}: type: expected {}, found {}", where, kTypes,
            shown(type));
    read_generation(keys, line);
  }
  return line;
}

}  // namespace

std::vector<RequestLine> read_request_lines(std::string_view text, std::string_view file) {
  std::vector<RequestLine> lines;
  std::map<std::string, std::int64_t> line_of_id;
  std::int64_t number = 0;
  while (!text.empty()) {
    const std::string where = fmt::format("{}:{}", file, ++number);
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(line_of(text.substr(0, end), number, where));
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto [first, is_new] = line_of_id.emplace(lines.back().id, number);
    require(is_new, "{}: id: expected one that no other line has, found {} of line {}", where,
            shown(Json::parse(lines.back().id)), first->second);
  }
  require(!lines.empty(), "{}: expected one request a line, found an empty file", file);
  return lines;
}

std::string answer_line(const RequestLine& line, const Request& request, const Scored& answer,
                        bool has_tokenizer) {
  nlohmann::ordered_json json = {{"id", nlohmann::ordered_json::parse(line.id)}};
  if (request.kind == RequestKind::generate) {
    if (has_tokenizer) {
      json["generated"] = answer.text;
    } else {
      json["generated"] = nullptr;
    }
    json["generated_ids"] = answer.ids;
    json["tokens"] = answer.ids.size();
    json["context_tokens"] = request.context_ids->size();
  } else {
    require(std::isfinite(answer.log_likelihood), "log_likelihood: expected a number, found {}",
            answer.log_likelihood);
    json["log_likelihood"] = answer.log_likelihood;
    json["is_greedy"] = answer.is_greedy;
    json["context_tokens"] = request.context_ids->size();
    json["continuation_tokens"] = request.continuation_ids.size();
  }
  json["truncated_tokens"] = answer.truncated_tokens;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace moe
