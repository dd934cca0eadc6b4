// How a JSON record becomes an item: the table [record] of a dataset, or [data] of a suite file.
//
//   [record]
//   question = "goal"                      # where its text stands
//   choices  = ["sol1", "sol2"]            # one each; or "choices.text", a list of them
//   gold     = "label"                     # a number, true or false, a label, a letter, or a
//   choice
//
// A path leads through objects by dots; of several, joined by "|", the first that a record has
// counts. `labels` are what `gold` names choices by; `first` is the number of the first choice
// where that is not 0. `fixed_choices` are the same for all records. `right` is a list of 0 and 1,
// where several choices are right; it and `choices` may lead to one object {choice: 0 or 1}.
// `answers` are texts that are right, or one. `fields` are further texts, by the names that
// templates use. `unwrap` is what a question may begin and end with that is no part of it.
// `reversed`: choices, and with them the right one, in the opposite order.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace moe {

struct RecordMap {
  std::string question, gold, labels, right, answers;  // paths; "": there is none
  std::vector<std::string> choices;                    // paths
  bool choices_are_a_list = false;                     // at the one path
  std::vector<std::string> fixed_choices, unwrap;
  std::int64_t gold_index = -1;  // of all records; -1: `gold` leads to it
  std::int64_t first = 0;
  std::map<std::string, std::string> fields;
  bool reversed = false;
  bool all_fields = false;  // each text and number of a record is a field by its key too
};

}  // namespace moe
