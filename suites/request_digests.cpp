#include "suites/request_digests.h"

#include <fmt/format.h>

#include <span>

namespace moe {
namespace {

void update(Sha256& digest, std::span<const TokenId> ids, bool first) {
  std::string text;
  for (const TokenId id : ids) {
    if (!first) text += ' ';
    first = false;
    const fmt::format_int digits(id);
    text.append(digits.data(), digits.size());
  }
  digest.update(text);
}

}  // namespace

const RequestDigests::Context& RequestDigests::read(const Request& request) {
  if (last_.text.is(request.context) && last_.ids.is(request.context_ids)) return last_;
  last_ = {request.context, request.context_ids, {}, {}};
  last_.of_text.update(*request.context);
  update(last_.of_ids, *request.context_ids, /*first=*/true);
  return last_;
}

std::string RequestDigests::prompt(const Request& request) {
  Sha256 digest = read(request).of_text;
  digest.update(request.continuation);
  return digest.hex();
}

std::string RequestDigests::tokens(const Request& request) {
  Sha256 digest = read(request).of_ids;
  update(digest, request.continuation_ids, request.context_ids->empty());
  return digest.hex();
}

}  // namespace moe
