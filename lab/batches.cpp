#include "lab/batches.h"

#include <algorithm>
#include <utility>

#include "harness/error.h"

namespace moe {

Batches::Batches(DocumentSource documents, const Tokenizer& tokenizer, const DataSettings& data)
    : documents_(std::move(documents)),
      tokenizer_(tokenizer),
      rows_(data.rows),
      row_tokens_(data.row_tokens) {}

std::vector<TokenId> Batches::step(std::int64_t number) const {
  const std::int64_t length = row_tokens_ + 1;
  std::vector<TokenId> ids;
  ids.reserve(static_cast<std::size_t>(rows_ * length));
  for (std::int64_t row = 0; row < rows_; ++row) {
    // A document has a token at least, so this many numbers are enough for a row.
    std::int64_t document = ((number - 1) * rows_ + row) * length;
    const auto end = static_cast<std::size_t>((row + 1) * length);
    while (ids.size() < end) {
      const std::vector<TokenId> more = tokenizer_.encode(documents_(document));
      require(!more.empty(), "document {} of the corpus has no token", document);
      ids.insert(ids.end(), more.begin(), more.end());
      ++document;
    }
    ids.resize(end);
  }
  return ids;
}

}  // namespace moe
