// Text as the rows of token ids that a step trains on. What a step sees is a function of its number
// alone, so a training goes on where it was left.
//
//   B rows of a step   T tokens predicted in a row
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "lab/train_config.h"
#include "models/ids.h"
#include "models/tokenizer/tokenizer.h"

namespace moe {

/// Document i of a text without end.
using DocumentSource = std::function<std::string(std::int64_t)>;

class Batches {
 public:
  /// `tokenizer` must outlive this.
  Batches(DocumentSource documents, const Tokenizer& tokenizer, const DataSettings&);

  /// [B, T + 1] ids of a step, from 1. A row begins with a document and takes as many as it holds,
  /// the last of them cut; no document is in two rows.
  std::vector<TokenId> step(std::int64_t number) const;

 private:
  DocumentSource documents_;
  const Tokenizer& tokenizer_;
  std::int64_t rows_, row_tokens_;
};

}  // namespace moe
