#include "models/tokenizer/regex.h"

#include <oniguruma.h>

#include <algorithm>
#include <array>

#include "harness/error.h"
#include "models/tokenizer/utf8.h"

namespace moe {
namespace {

/// Oniguruma wants to be told once which encodings are used.
void initialise() {
  static const int kDone = [] {
    OnigEncoding utf8 = ONIG_ENCODING_UTF8;
    return onig_initialize(&utf8, 1);
  }();
  require(kDone == ONIG_NORMAL, "Oniguruma cannot be initialised");
}

const OnigUChar* bytes_of(std::string_view text) {
  return reinterpret_cast<const OnigUChar*>(text.data());
}

struct FreeRegion {
  void operator()(OnigRegion* region) const { onig_region_free(region, 1); }
};

unsigned int type_of(std::string_view property) {
  initialise();
  auto* begin =
      const_cast<OnigUChar*>(bytes_of(property));  // Oniguruma's C interface is not const-correct
  const int type =
      ONIGENC_PROPERTY_NAME_TO_CTYPE(ONIG_ENCODING_UTF8, begin, begin + property.size());
  require(type >= 0, "Oniguruma has no property {}", property);
  return static_cast<unsigned int>(type);
}

/// The union of some classes over all code points, asked for once.
class CodePointClass {
 public:
  explicit CodePointClass(std::string_view property) : CodePointClass({property}) {}
  explicit CodePointClass(std::initializer_list<std::string_view> properties) {
    constexpr std::int32_t kPoints = 0x110000;
    for (const std::string_view property : properties) {
      const unsigned int type = type_of(property);  // a search by name: not for every code point
      for (std::int32_t c = 0; c < kPoints; ++c) {
        if (ONIGENC_IS_CODE_CTYPE(ONIG_ENCODING_UTF8, static_cast<OnigCodePoint>(c), type) != 0)
          words_[static_cast<std::size_t>(c) / 64] |= std::uint64_t{1}
                                                      << (static_cast<std::uint32_t>(c) % 64U);
      }
    }
  }
  bool has(std::int32_t c) const {
    return ((words_[static_cast<std::size_t>(c) / 64] >> (static_cast<std::uint32_t>(c) % 64U)) &
            1U) != 0;
  }

 private:
  std::array<std::uint64_t, 0x110000 / 64> words_{};
};

}  // namespace

struct Regex::Compiled {
  OnigRegex regex = nullptr;
  ~Compiled() { onig_free(regex); }
};

Regex::Regex(const std::string& pattern) : compiled_(std::make_unique<Compiled>()) {
  initialise();
  OnigErrorInfo info{};
  const OnigUChar* begin = bytes_of(pattern);
  const int code = onig_new(&compiled_->regex, begin, begin + pattern.size(), ONIG_OPTION_NONE,
                            ONIG_ENCODING_UTF8, ONIG_SYNTAX_ONIGURUMA, &info);
  if (code == ONIG_NORMAL) return;
  std::array<OnigUChar, ONIG_MAX_ERROR_MESSAGE_LEN> text{};
  onig_error_code_to_str(text.data(), code, &info);
  throw Error(
      fmt::format("the pattern \"{}\": {}", pattern, reinterpret_cast<const char*>(text.data())),
      std::source_location::current());
}

Regex::~Regex() = default;
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;

std::vector<std::pair<std::size_t, std::size_t>> Regex::matches(std::string_view text) const {
  std::vector<std::pair<std::size_t, std::size_t>> out;
  if (text.empty()) return out;
  const std::unique_ptr<OnigRegion, FreeRegion> region(onig_region_new());
  const OnigUChar* begin = bytes_of(text);
  const OnigUChar* end = begin + text.size();
  const OnigUChar* at = begin;
  while (at <= end) {
    const int found =
        onig_search(compiled_->regex, begin, end, at, end, region.get(), ONIG_OPTION_NONE);
    if (found == ONIG_MISMATCH) break;
    require(found >= 0, "Oniguruma gave up on a text of {} bytes (code {})", text.size(), found);
    const auto first = static_cast<std::size_t>(region->beg[0]),
               last = static_cast<std::size_t>(region->end[0]);
    if (first < last || out.empty() || out.back().second != first) {
      out.emplace_back(first, last);
      at = begin + last;
    } else {
      at += at < end ? first_code_point(
                           {reinterpret_cast<const char*>(at), static_cast<std::size_t>(end - at)})
                           .bytes
                     : 1;
    }
  }
  return out;
}

bool is_letter(std::int32_t c) {
  static const auto kClass = std::make_unique<CodePointClass>("L");
  return kClass->has(c);
}

bool is_number(std::int32_t c) {
  static const auto kClass = std::make_unique<CodePointClass>("N");
  return kClass->has(c);
}

bool is_word(std::int32_t c) {
  static const auto kClass = std::make_unique<CodePointClass>(
      std::initializer_list<std::string_view>{"Alphabetic", "M", "Nd", "Pc"});
  constexpr std::int32_t kNonJoiner = 0x200C, kJoiner = 0x200D;
  return kClass->has(c) || c == kNonJoiner || c == kJoiner;
}

bool is_space(std::int32_t c) {
  static const auto kClass = std::make_unique<CodePointClass>("Space");
  return kClass->has(c);
}

}  // namespace moe
