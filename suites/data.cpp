#include "suites/data.h"

#include <algorithm>

#include "datasets/record.h"
#include "harness/error.h"
#include "harness/toml_reader.h"

namespace moe {

const Dataset& dataset_of(const Suite& suite) {
  return suite.own_data ? *suite.own_data : find_dataset(suite.dataset);
}

Dataset own_dataset(std::string_view whose, const toml::table& data,
                    const std::filesystem::path& folder) {
  const TableReader reader{std::string(whose), data};
  std::vector<std::string_view> keys = record_keys();
  keys.insert(keys.end(), {"file", "examples", "cluster"});
  reader.only(keys);
  Dataset dataset;
  dataset.name = "[data]";
  dataset.reader = "records";
  dataset.source = "the suite file's folder";
  dataset.directory = folder.string();  // absolute: the data root does not count
  dataset.subsets = {""};
  dataset.splits = {{"own", reader.get<std::string>("file", "a file's name"), ""}};
  const auto examples = reader.get_or<std::string>("examples", "", "a file's name");
  if (!examples.empty()) dataset.splits.push_back({"examples", examples, ""});
  dataset.record = read_record_map(whose, data);
  dataset.record.all_fields = true;
  dataset.cluster = reader.get_or<std::string>("cluster", "", "a field's name");
  return dataset;
}

std::vector<std::string> field_names(const Dataset& dataset) {
  std::vector<std::string> names;
  for (const auto& [name, path] : dataset.record.fields) names.push_back(name);
  if (dataset.reader == "mmlu_pro") names.emplace_back("reasons");
  if (dataset.reader == "winogrande") names.insert(names.end(), {"before", "after"});
  return names;
}

}  // namespace moe
