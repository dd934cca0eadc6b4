#include "reports/number.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

namespace moe {
namespace {

constexpr std::array kSi = {Prefix{1e15, "P"}, Prefix{1e12, "T"}, Prefix{1e9, "G"},
                            Prefix{1e6, "M"},  Prefix{1e3, "k"},  Prefix{1, ""},
                            Prefix{1e-3, "m"}, Prefix{1e-6, "µ"}, Prefix{1e-9, "n"}};
constexpr std::array kCount = {Prefix{1e12, "T"}, Prefix{1e9, "B"}, Prefix{1e6, "M"},
                               Prefix{1e3, "K"}, Prefix{1, ""}};
constexpr std::size_t kSiWhole = 6;  // the prefixes down to 1

Prefix largest_below(double x, std::span<const Prefix> prefixes) {
  // 999.6 would be shown as 1000: the next prefix begins where rounding to three digits does.
  const double size = std::abs(x) * 1.0005;
  for (const Prefix& prefix : prefixes) {
    if (size >= prefix.factor) return prefix;
  }
  return x == 0 ? Prefix{} : prefixes.back();
}

/// "1234567" as "1,234,567".
std::string group_thousands(std::string digits) {
  const std::size_t whole = std::min(digits.find('.'), digits.size());
  for (std::size_t at = whole; at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

}  // namespace

Prefix si_prefix(double x, bool below_one) {
  return largest_below(x, std::span(kSi).first(below_one ? kSi.size() : kSiWhole));
}

Prefix count_prefix(double x) {
  return largest_below(x, kCount);
}

int decimals_for(double x, double half, bool percent) {
  constexpr int kMost = 6;
  if (half > 0 && std::isfinite(half)) {
    return std::clamp(1 - static_cast<int>(std::floor(std::log10(half))), 0, percent ? 2 : kMost);
  }
  if (percent) return 1;
  if (x == 0 || !std::isfinite(x)) return 0;
  return std::clamp(2 - static_cast<int>(std::floor(std::log10(std::abs(x) * 1.0005))), 0, kMost);
}

std::string write_number(double x, int decimals, bool sign) {
  if (!std::isfinite(x)) return std::isnan(x) ? "not a number" : (x < 0 ? "−∞" : "∞");
  const std::string_view mark = x < 0 ? "−" : (sign && x > 0 ? "+" : "");
  const double size = std::abs(x);
  if (size > 0 && size < 1e-4) return fmt::format("{}{:.1e}", mark, size);
  std::string digits = fmt::format("{:.{}f}", size, decimals);
  if (digits.find_first_not_of("0.") == std::string::npos) return digits;  // no "−0.0"
  return fmt::format("{}{}", mark, group_thousands(std::move(digits)));
}

}  // namespace moe
