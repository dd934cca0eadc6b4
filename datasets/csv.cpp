#include "datasets/csv.h"

#include <algorithm>

#include "harness/error.h"

namespace moe {
namespace {

class Parser {
 public:
  Parser(std::string_view text, std::string_view where) : text_(text), where_(where) {}

  std::vector<CsvRecord> parse() {
    std::vector<CsvRecord> records;
    while (at_ < text_.size()) records.push_back(record());
    return records;
  }

 private:
  CsvRecord record() {
    CsvRecord record{.line = line_, .fields = {}};
    while (true) {
      record.fields.push_back(at_ < text_.size() && text_[at_] == '"' ? quoted() : plain());
      if (at_ >= text_.size()) return record;
      const char end = text_[at_++];
      if (end == ',') continue;
      if (end == '\r' && at_ < text_.size() && text_[at_] == '\n') ++at_;
      ++line_;
      return record;
    }
  }

  std::string plain() {
    const std::size_t end = std::min(text_.find_first_of(",\r\n", at_), text_.size());
    std::string field(text_.substr(at_, end - at_));
    require(field.find('"') == std::string::npos,
            "{}, line {}: a quote inside a field that is not quoted", where_, line_);
    at_ = end;
    return field;
  }

  std::string quoted() {
    const std::int64_t began = line_;
    std::string field;
    for (++at_;; ++at_) {
      require(at_ < text_.size(), "{}, line {}: a quoted field that does not end", where_, began);
      const char c = text_[at_];
      if (c != '"') {
        if (c == '\n') ++line_;
        field += c;
      } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
        field += '"';
        ++at_;
      } else {
        break;
      }
    }
    ++at_;
    require(at_ >= text_.size() || text_[at_] == ',' || text_[at_] == '\n' || text_[at_] == '\r',
            "{}, line {}: text behind a closing quote", where_, line_);
    return field;
  }

  std::string_view text_, where_;
  std::size_t at_ = 0;
  std::int64_t line_ = 1;
};

}  // namespace

std::vector<CsvRecord> parse_csv(std::string_view text, std::string_view where) {
  return Parser(text, where).parse();
}

}  // namespace moe
