// The Markdown that reports are written in, as HTML: headings, paragraphs, lists, quotations, code,
// pipe-free text with **bold**, *emphasis*, `code` and [links](https://…). No HTML passes through.
#pragma once

#include <string>
#include <string_view>

namespace moe {

std::string prose_html(std::string_view markdown);

/// One line, without a block around it.
std::string inline_html(std::string_view markdown);

}  // namespace moe
