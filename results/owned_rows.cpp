#include "results/owned_rows.h"

#include "harness/clock.h"
#include "results/owner.h"
#include "results/rows.h"

namespace moe {

std::optional<std::int64_t> find_unfinished(const Store& store, const OwnedTable& table,
                                            const std::string& sameness) {
  const Table unfinished = store.query(
      fmt::format("SELECT id, owner, coalesce((julianday('now') - julianday(alive_at)) * 86400.0 > "
                  ":silence, 1) FROM {} WHERE {} = :sameness AND ended_at IS NULL ORDER BY id DESC",
                  table.name, table.sameness),
      {{"sameness", sameness}, {"silence", kSilenceSeconds}});
  for (const auto& row : unfinished.rows) {
    const OwnerState state = state_of(to_text(row[1]));
    const bool silent = to_text(row[2]) == "1";
    if (state == OwnerState::dead || (state == OwnerState::unseen && silent))
      return std::get<std::int64_t>(row[0]);
  }
  return std::nullopt;
}

void take_row_over(const Store& store, const OwnedTable& table, std::int64_t id) {
  execute(store,
          fmt::format("UPDATE {} SET owner = :owner, alive_at = :now WHERE id = :id", table.name),
          {{"owner", this_owner()}, {"now", utc_now()}, {"id", id}});
}

void sign_of_life(const Store& store, const OwnedTable& table, std::int64_t id) {
  const Table mine = store.query(
      fmt::format("UPDATE {} SET alive_at = :now WHERE id = :id AND owner = :owner RETURNING id",
                  table.name),
      {{"now", utc_now()}, {"id", id}, {"owner", this_owner()}});
  require(!mine.rows.empty(),
          "{}: {} {} was taken over by another process, which saw no sign of life of this one for "
          "{} s; it goes on there",
          store.file().string(), table.name, id, kSilenceSeconds);
}

}  // namespace moe
