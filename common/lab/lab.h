// lab.toml: what a person wrote, as settings that are complete and make sense, or as the list of
// all that is wrong with it.
//
// A lab inherits: what the lab.toml of a folder above it says holds for it too, table by table and
// key by key, unless a nearer file says otherwise; lists and [[tables]] are taken as a whole. A
// path is relative to the folder of the file that states it. Of [lab], name, abstract and
// results_file are each file's own.
//
// An Autoresearch Lab file ([lab], [backend], [sandbox]) is read too. Nothing that the file says is
// ever silently ignored: what this version cannot do is refused, with what to do instead.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/model/lab.h"
#include "common/result.h"

namespace swarmlab {

struct LabText {
  std::string folder;  // of the lab.toml, relative to the repository's root; "" is the root
  std::string text;
};

// What a lab's settings come from. A lab that nothing is above has one file.
struct LabTexts {
  std::vector<LabText> files;         // from the root down; the last is the lab's own
  std::vector<std::string> set = {};  // "search.policy=best-of-n": goes before the files
  std::string root_name = "lab";      // of a lab at the root that gives itself no name
};

/// The folders whose lab.toml a lab in `folder` inherits from, if they have one: from the root down
/// to itself. "a/b" gives "", "a" and "a/b".
[[nodiscard]] std::vector<std::string> folders_down_to(const std::string& folder);

/// \return invalid_input with one line for each error: "FOLDER/lab.toml:12: [evaluator] timeout is
///         10, expected ...", with the file that the value came from. Knows no files: check_lab()
///         in lab_check.h also looks at those.
[[nodiscard]] Result<LabSettings> read_lab(const LabTexts& texts);
/// Of a lab that nothing is above.
[[nodiscard]] Result<LabSettings> read_lab(std::string_view text, const std::string& folder,
                                           const std::string& default_name = "lab");

// A folder with a lab.toml: a lab, or one that only holds labs.
struct LabNode {
  std::string name;  // in the tree: "models/tiny"
  bool abstract = false;
};

/// What a folder is called, whether or not its settings make sense. The name of a lab that nothing
/// is above is its [lab] name or its folder's; below others it is put after theirs. An abstract
/// root of the repository that gives itself no name adds none.
[[nodiscard]] Result<LabNode> read_lab_node(const LabTexts& texts);

// The flags of `run`: what is set goes before lab.toml.
struct LabOverrides {
  std::optional<DataSource> data;       // see parse_data()
  std::vector<std::string> agent_args;  // put after those of lab.toml
  std::optional<PolicyKind> policy;
  std::optional<std::uint64_t> max_iterations;
  std::optional<double> max_hours;  // 0: no limit
  std::optional<double> max_cost;   // US dollars; 0: no limit
  std::optional<double> target_score;
  std::optional<std::uint64_t> plateau_threshold;
  std::optional<std::uint32_t> max_restarts;
  std::optional<GainLimit> expected_gain;
};

/// \return invalid_input that names the flag ("--max-hours is -1, expected ...")
[[nodiscard]] Result<LabSettings> with_overrides(LabSettings settings,
                                                 const LabOverrides& overrides);

/// `next` with what flags changed before: where `in_effect` differs from `written`, which its files
/// say, unless `set` names the key.
[[nodiscard]] LabSettings with_flags_in_effect(LabSettings next, const LabSettings& written,
                                               const LabSettings& in_effect,
                                               const std::vector<std::string>& set);

/// "path:/srv/data" is a path that every worker has, anything else a folder of the repository,
/// relative to `folder` (of the lab); its path in the result is relative to the root.
[[nodiscard]] Result<DataSource> parse_data(std::string_view text, const std::string& folder);

/// Where the data is on this host: below `checkout` if it is a folder of the repository. Empty:
/// none.
[[nodiscard]] std::string data_folder(const LabSettings& settings, const std::string& checkout);

/// The nearest folder with a lab.toml: `folder` or one above it.
[[nodiscard]] Result<std::filesystem::path> find_lab(const std::filesystem::path& folder);

/// For refs and file names, as Autoresearch Lab makes it: lower case, runs of anything but
/// [a-z0-9._-] become one "-", none at the ends.
[[nodiscard]] std::string safe_name(std::string_view name);

}  // namespace swarmlab
