// Text of the database is not ours: how it is made harmless in each language we write.
#pragma once

#include <string>
#include <string_view>

namespace moe {

std::string escape_html(std::string_view);  // text and quoted attributes

/// One line of Markdown that means its text: also inside a cell of a table.
std::string escape_markdown(std::string_view);

/// Takes back what escape_markdown did, for formats that are not Markdown.
std::string unescape_markdown(std::string_view);

/// JSON inside <script>: no "</script>", no "<!--".
std::string escape_script(std::string_view json);

std::string escape_csv(std::string_view);  // RFC 4180

}  // namespace moe
