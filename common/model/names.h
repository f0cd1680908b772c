// The words of the enums: the same in code, lab.toml, JSON, logs and docs.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "common/model/experiment.h"
#include "common/model/lab.h"
#include "common/model/report.h"

namespace swarmlab {

[[nodiscard]] std::string_view name_of(Verdict verdict);
[[nodiscard]] std::string_view name_of(TaskKind kind);
[[nodiscard]] std::string_view name_of(Outcome outcome);
[[nodiscard]] std::string_view name_of(Stage stage);
[[nodiscard]] std::string_view name_of(Direction direction);
[[nodiscard]] std::string_view name_of(PolicyKind policy);
[[nodiscard]] std::string_view name_of(AgentKind kind);
[[nodiscard]] std::string_view name_of(AgentEnd end);
[[nodiscard]] std::string_view name_of(CostSource source);
[[nodiscard]] std::string_view name_of(StepKind kind);
[[nodiscard]] std::string_view name_of(NearDuplicates wish);

/// All that there are.
inline constexpr std::array kPolicies{PolicyKind::greedy, PolicyKind::best_of_n, PolicyKind::beam,
                                      PolicyKind::ucb, PolicyKind::islands};

/// Nothing if `text` is no name of a value.
[[nodiscard]] std::optional<Verdict> verdict_from(std::string_view text);
[[nodiscard]] std::optional<PolicyKind> policy_from(std::string_view text);

}  // namespace swarmlab
