#include "cli/predecessors/experiments_db.h"

#include <sqlite3.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/predecessors/table.h"

namespace swarmlab::predecessors {
namespace {

using nlohmann::json;

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};
struct EndStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, EndStatement>;

constexpr const char* kQuery =
    "SELECT h.title, h.mechanism, e.task_id, r.verdict, r.metrics_json, r.mechanism_confirmed, "
    "r.theory_revision, e.created_at FROM experiments e JOIN hypotheses h ON h.id = "
    "e.hypothesis_id LEFT JOIN results r ON r.experiment_id = e.id ORDER BY e.created_at, e.rowid";

std::string text_at(sqlite3_stmt* row, int column) {
  const auto* const text = sqlite3_column_text(row, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(row, column));
  return text == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(text), size);
}

RunEnd end_of(const std::string& verdict) {
  if (verdict == "keep") return RunEnd::keep;
  return verdict == "discard" ? RunEnd::discard : RunEnd::crash;
}

// Why it should help, what came of that, and what was learned.
std::string description_of(sqlite3_stmt* row) {
  std::string text = text_at(row, 0) + ", because " + text_at(row, 1);
  if (sqlite3_column_type(row, 5) != SQLITE_NULL) {
    text += sqlite3_column_int(row, 5) != 0 ? ", confirmed" : ", refuted";
  }
  const std::string revision = text_at(row, 6);
  return as_cell(revision.empty() ? text : text + ", so: " + revision);
}

Run run_of(sqlite3_stmt* row) {
  Run run{.end = end_of(text_at(row, 3)),
          .commit = {},
          .score = {},
          .description = description_of(row),
          .at = text_at(row, 7)};
  const json metrics = json::parse(text_at(row, 4), nullptr, false);
  if (!metrics.is_object()) return run;
  for (const auto& [name, value] : metrics.items()) {
    if (!value.is_number()) continue;
    if (!run.score) run.score = value.get<double>();
    run.metrics.emplace_back(name, value.get<double>());
  }
  return run;
}

bool is_of(const std::string& task, std::string leaf) {
  const std::string last = leaf.substr(leaf.rfind('/') + 1);
  std::ranges::replace(leaf, '/', '-');
  return task == leaf || task == last || task == ".";
}

}  // namespace

Result<std::vector<Run>> read_experiments_db(const std::string& path, const std::string& leaf) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READONLY, nullptr);
  const Database database(opened);
  const auto problem = [&] {
    return fail(ErrorCode::corrupt, "{}: {}", path,
                database ? sqlite3_errmsg(database.get()) : "cannot be opened");
  };
  if (code != SQLITE_OK) return problem();
  sqlite3_stmt* prepared = nullptr;
  if (sqlite3_prepare_v2(database.get(), kQuery, -1, &prepared, nullptr) != SQLITE_OK) {
    return problem();
  }
  const Statement statement(prepared);
  std::vector<Run> runs;
  int step = SQLITE_ROW;
  while ((step = sqlite3_step(statement.get())) == SQLITE_ROW) {
    const bool has_result = sqlite3_column_type(statement.get(), 3) != SQLITE_NULL;
    if (has_result && is_of(text_at(statement.get(), 2), leaf))
      runs.push_back(run_of(statement.get()));
  }
  if (step != SQLITE_DONE) return problem();
  return runs;
}

}  // namespace swarmlab::predecessors
