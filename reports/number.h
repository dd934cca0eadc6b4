// Numbers as people read them: as many digits as they are known to, with prefixes.
#pragma once

#include <string>
#include <string_view>

namespace moe {

struct Prefix {
  double factor = 1;
  std::string_view name;  // "k", "M", "µ", ""
};

/// The SI prefix under which x has one to three digits before the point. Only seconds go below one.
Prefix si_prefix(double x, bool below_one);

/// K, M, B, T, as parameters are counted.
Prefix count_prefix(double x);

/// Decimals that show x with three digits, or, where `half` (half its interval) is above 0, that
/// show two digits of it. A share in percent shows one.
int decimals_for(double x, double half, bool percent);

/// "12,346", "−0.254", "+1.2"; 2.5e-07 below what the decimals can show.
std::string write_number(double x, int decimals, bool sign);

}  // namespace moe
