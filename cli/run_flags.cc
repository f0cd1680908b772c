#include "cli/run_flags.h"

#include <CLI/CLI.hpp>

#include "common/lab/gain_limit.h"
#include "common/model/names.h"

namespace swarmlab::cli {

namespace {

std::vector<std::string> names_of_policies() {
  std::vector<std::string> names;
  for (const PolicyKind policy : kPolicies) names.emplace_back(name_of(policy));
  return names;
}

}  // namespace

// CLI11 takes "-1" for a very large unsigned number: hence a check of each.
std::shared_ptr<RunFlags> add_run_flags(CLI::App& command) {
  auto flags = std::make_shared<RunFlags>();
  LabOverrides& to = flags->overrides;
  constexpr const char* kStop = "When to stop (go before [stop] of lab.toml)";
  command
      .add_option("--max-iterations", to.max_iterations,
                  "Experiments besides the baseline, of the lab in all; 0: no limit")
      ->check(CLI::NonNegativeNumber)
      ->group(kStop);
  command.add_option("--max-hours", to.max_hours, "Hours of running, in all; 0: no limit")
      ->check(CLI::NonNegativeNumber)
      ->group(kStop);
  command.add_option("--max-cost", to.max_cost, "US dollars, in all; 0: no limit")
      ->check(CLI::NonNegativeNumber)
      ->group(kStop);
  command.add_option("--target-score", to.target_score, "Stop when the best is as good as this")
      ->group(kStop);
  command
      .add_option("--plateau-threshold", to.plateau_threshold,
                  "Stop after so many experiments in a row without a new best; 0: no limit")
      ->check(CLI::NonNegativeNumber)
      ->group(kStop);
  command
      .add_option("--max-restarts", to.max_restarts,
                  "How often an experiment is tried again whose worker was lost")
      ->check(CLI::NonNegativeNumber)
      ->group(kStop);
  command
      .add_option("--expected-gain", flags->expected_gain,
                  "Stop when too little is expected: \"5% in 20\" (less than a 5 % chance of a new "
                  "best within 20 experiments), \"0.01 per dollar\", both with a comma, or off")
      ->group(kStop);
  command.add_option(
      "--data", flags->data,
      "The data: a folder of the repository, /DIR of this machine to be shipped to workers, "
      "or path:/DIR that every worker has");
  command.add_option("--policy", flags->policy, "How parents are picked")
      ->check(CLI::IsMember(names_of_policies()));
  return flags;
}

Result<LabOverrides> resolve(const RunFlags& flags, const std::string& lab_folder) {
  LabOverrides overrides = flags.overrides;
  if (!flags.data.empty()) {
    const bool ships = flags.data.starts_with('/');
    auto data = parse_data((ships ? "path:" : "") + flags.data, lab_folder);
    if (!data) return within("--data", data.error());
    overrides.data = *std::move(data);
    if (ships) overrides.data->kind = DataSource::Kind::shipped;
  }
  if (!flags.expected_gain.empty()) {
    auto limit = parse_gain_limit(flags.expected_gain);
    if (!limit) return within("--expected-gain", limit.error());
    overrides.expected_gain = *limit;
  }
  if (!flags.policy.empty()) overrides.policy = policy_from(flags.policy);
  return overrides;
}

}  // namespace swarmlab::cli
