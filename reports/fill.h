// Filling text: {{name}} from the parameters of a report, {column} from the row of a query.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "reports/article.h"

namespace moe {

/// Replaces each {{name}} by `value(name)`. Error where one is not closed.
std::string fill_in(std::string_view text,
                    const std::function<std::string(std::string_view)>& value);

/// The text once for every row, each {column} replaced as display.h says; joined by spaces, or,
/// where the text begins a list item, on lines of their own. No rows: what the exhibit says then.
/// Error where there is no such column.
std::string say(std::string_view text, const Exhibit&);

/// "moe, dense".
std::string parameter_names(const Report&);

/// Error that lists the values unless the parameter has one of them.
void check_known(const ReportParameter&, const Parameter&, const Table& known);

}  // namespace moe
