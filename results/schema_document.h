// The schema as Markdown, from the comments in the migrations: docs/store.md.
#pragma once

#include <string>

namespace moe {

std::string schema_document();

}  // namespace moe
