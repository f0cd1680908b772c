// The command line: every subcommand, registered by a function of its own file.
#pragma once

#include <span>
#include <string>

#include "cli/context.h"

namespace CLI {
class App;
}

namespace swarmlab::cli {

struct TrialWish;

/// Parses `arguments` (without the program's name) and runs what they ask for. Returns the exit
/// code. Prints help, results and errors to the context's streams; never throws.
[[nodiscard]] int run_command_line(std::span<const std::string> arguments, Context& context);

/// Builds the whole tree of commands into `app`.
void add_commands(CLI::App& app, Context& context);

// The groups of `swarmlab --help`.
inline constexpr const char* kGroupLab = "Labs";
inline constexpr const char* kGroupLook = "Queries";
inline constexpr const char* kGroupSteer = "Steering";
inline constexpr const char* kGroupRun = "Running";
inline constexpr const char* kGroupOperate = "Operations";

// Options that many commands share. They fill the context.
void add_json(CLI::App& command, Context& context);
void add_quiet(CLI::App& command, Context& context);
void add_lab(CLI::App& command, Context& context);       // [LAB], and --lab LAB
void add_lab_flag(CLI::App& command, Context& context);  // --lab LAB, where a positional is taken
void add_connect(CLI::App& command, Context& context);

/// The examples at the end of --help.
void add_examples(CLI::App& command, const std::string& lines);

/// --provider-keys FILE, of the commands that start workers.
void add_provider_keys(CLI::App& command, std::string& file);
/// --sandbox: drivers by name.
void add_sandbox(CLI::App& command, std::string& words, const char* help);

/// --data and --expose, of the commands that run an evaluator.
void add_trial_options(CLI::App& command, TrialWish& wish);

// In the order of `swarmlab --help`; each in the file that is named like it.
void add_init(CLI::App& app, Context& context);
void add_import(CLI::App& app, Context& context);
void add_check(CLI::App& app, Context& context);
void add_eval(CLI::App& app, Context& context);
void add_diagnose(CLI::App& app, Context& context);  // in eval.cc
void add_run(CLI::App& app, Context& context);
void add_coordinator(CLI::App& app, Context& context);
void add_worker(CLI::App& app, Context& context);
void add_slurm(CLI::App& app, Context& context);  // up, status, down
void add_runner(CLI::App& app, Context& context);
void add_status(CLI::App& app, Context& context);
void add_labs(CLI::App& app, Context& context);
void add_workers(CLI::App& app, Context& context);
void add_pools(CLI::App& app, Context& context);
void add_experiments(CLI::App& app, Context& context);
void add_show(CLI::App& app, Context& context);
void add_best(CLI::App& app, Context& context);
void add_frontier(CLI::App& app, Context& context);
void add_ladder(CLI::App& app, Context& context);
void add_promotion(CLI::App& app, Context& context);  // promote
void add_results(CLI::App& app, Context& context);
void add_plot(CLI::App& app, Context& context);
void add_events(CLI::App& app, Context& context);
void add_export(CLI::App& app, Context& context);
void add_branch(CLI::App& app, Context& context);
void add_steering(CLI::App& app, Context& context);  // pause, resume, stop, drain
void add_hint(CLI::App& app, Context& context);
void add_inject(CLI::App& app, Context& context);
void add_reject(CLI::App& app, Context& context);
void add_hypothesis(CLI::App& app, Context& context);
void add_arl(CLI::App& app, Context& context);      // as-arl
void add_praxlab(CLI::App& app, Context& context);  // as-lab
void add_mcp(CLI::App& app, Context& context);
void add_failures(CLI::App& app, Context& context);  // in research.cc
void add_keys(CLI::App& app, Context& context);      // new, list, revoke
void add_context(CLI::App& app, Context& context);   // of a lab; add, use, list, remove
void add_backup(CLI::App& app, Context& context);
void add_restore(CLI::App& app, Context& context);  // in backup.cc
void add_doctor(CLI::App& app, Context& context);
void add_health(CLI::App& app, Context& context);
void add_version(CLI::App& app, Context& context);

}  // namespace swarmlab::cli
