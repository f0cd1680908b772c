// lab.toml: what a person wrote, as settings that are complete and make sense, or as the list of
// all that is wrong with it.
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

/// \param text    of lab.toml
/// \param folder  of the lab, relative to the repository's root; "" is the root
/// \param default_name  of a lab at the root that gives itself no name: the repository's folder
/// \return invalid_input with one line for each error: "FOLDER/lab.toml:12: [evaluator] timeout is
///         10, expected ...". Knows no files: check_lab() in lab_check.h also looks at those.
[[nodiscard]] Result<LabSettings> read_lab(std::string_view text, const std::string& folder,
                                           const std::string& default_name = "lab");

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
};

/// \return invalid_input that names the flag ("--max-hours is -1, expected ...")
[[nodiscard]] Result<LabSettings> with_overrides(LabSettings settings,
                                                 const LabOverrides& overrides);

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
