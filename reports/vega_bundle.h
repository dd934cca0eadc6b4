// Vega, Vega-Lite and Vega-Embed (BSD-3-Clause) as one JavaScript text, so that a page draws its
// charts without a network. Taken from the vl-convert-python wheel when the program is built.
#pragma once

#include <string_view>

namespace moe {

/// Defines window.vegaEmbed. Holds no "</script".
std::string_view vega_bundle();

}  // namespace moe
