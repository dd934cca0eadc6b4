#include "models/tokenizer/split.h"

#include <algorithm>

namespace moe {
namespace {

struct Piece {
  std::size_t begin, end;
  bool match;
};

std::vector<Piece> pieces_of(std::size_t size, const Spans& matches, bool invert) {
  std::vector<Piece> out;
  std::size_t at = 0;
  for (const auto& [begin, end] : matches) {
    if (begin > at) out.push_back({at, begin, invert});
    out.push_back({begin, end, !invert});
    at = end;
  }
  if (at < size) out.push_back({at, size, invert});
  return out;
}

/// A match joins its neighbour before it, unless that is a match too.
std::vector<Piece> merged(const std::vector<Piece>& pieces) {
  std::vector<Piece> out;
  bool after_match = false;
  for (const Piece& piece : pieces) {
    if (piece.match && !after_match && !out.empty()) {
      out.back().begin = std::min(out.back().begin, piece.begin);
      out.back().end = std::max(out.back().end, piece.end);
    } else {
      out.push_back(piece);
    }
    after_match = piece.match;
  }
  return out;
}

std::vector<Piece> joined(const std::vector<Piece>& pieces) {
  std::vector<Piece> out;
  for (const Piece& piece : pieces) {
    if (!out.empty() && out.back().match == piece.match) {
      out.back().end = piece.end;
    } else {
      out.push_back(piece);
    }
  }
  return out;
}

}  // namespace

Spans literal_matches(std::string_view text, std::string_view what) {
  Spans out;
  if (what.empty()) return out;
  for (std::size_t at = text.find(what); at != std::string_view::npos;
       at = text.find(what, at + what.size()))
    out.emplace_back(at, at + what.size());
  return out;
}

void split_at(std::string_view text, const Spans& matches, Behaviour behaviour, bool invert,
              std::vector<std::string_view>& words) {
  std::vector<Piece> pieces = pieces_of(text.size(), matches, invert);
  switch (behaviour) {
    case Behaviour::removed:
      std::erase_if(pieces, [](const Piece& piece) { return piece.match; });
      break;
    case Behaviour::isolated:
      break;
    case Behaviour::merged_with_previous:
      pieces = merged(pieces);
      break;
    case Behaviour::merged_with_next:
      std::ranges::reverse(pieces);
      pieces = merged(pieces);
      std::ranges::reverse(pieces);
      break;
    case Behaviour::contiguous:
      pieces = joined(pieces);
      break;
  }
  for (const Piece& piece : pieces) {
    if (piece.end > piece.begin) words.push_back(text.substr(piece.begin, piece.end - piece.begin));
  }
}

}  // namespace moe
