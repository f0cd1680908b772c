// What the programs of the presets write while they work: a stream of JSON objects, one a line.
//
// Written by what is not trusted, and perhaps cut in its middle: every line is read for itself,
// what makes no sense is passed over, and numbers and texts are bounded. It never fails.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "common/model/experiment.h"
#include "common/model/lab.h"
#include "worker/agent/steps.h"

namespace swarmlab::worker {

// What a stream says.
struct Reading {
  AgentRun run{};  // `finished` if no failure is in it
  Cost cost{};
  bool cost_told = false;  // cost.usd is the program's own; else `priced()` may know it
  bool has_end = false;    // it has what the program writes last
  Steps steps{};
};

/// Calls for each line that is a JSON object of at most 8 MiB that is not nested without end, with
/// its number from 0.
void for_each_event(
    std::string_view out,
    const std::function<void(const nlohmann::json& event, std::uint64_t line)>& take);

/// Members of an object; nothing of them that has another type.
[[nodiscard]] const nlohmann::json& member(const nlohmann::json& object, std::string_view key);
[[nodiscard]] std::string text_at(const nlohmann::json& object, std::string_view key);
/// Whether it is there and true.
[[nodiscard]] bool is_true(const nlohmann::json& value);
/// A number of 0 or more, cut to what one attempt can take; else 0.
[[nodiscard]] std::uint64_t count_at(const nlohmann::json& object, std::string_view key);
[[nodiscard]] MicroUsd dollars_at(const nlohmann::json& object, std::string_view key);

/// One line of what a program or a model said, as a record may hold it.
[[nodiscard]] std::string words_of(std::string_view text);
/// Likewise, of several lines: last words.
[[nodiscard]] std::string message_of(std::string_view text);
/// A name of a session, if it can be an argument of a command; else nothing.
[[nodiscard]] std::string session_of(std::string_view text);

/// What the status of an HTTP answer says; `crashed` if it says nothing.
[[nodiscard]] AgentEnd end_of_status(std::uint64_t status);
/// What the words of a failure say, which programs choose as they like.
[[nodiscard]] AgentEnd end_of_words(std::string_view words);

/// Notes a failure: its kind by the status, if there is one, and by the words.
void note_failure(AgentRun& run, std::uint64_t status, std::string_view words);

/// Sums of what one attempt can take: many lines may each say the most.
[[nodiscard]] Reading bounded(Reading reading);

/// What the tokens cost by the table: of the model, or the longest name that its name begins with.
void put_price(Reading& reading, const std::vector<Price>& prices);

// Of each preset, in its own file.
[[nodiscard]] Reading read_claude(std::string_view out);
[[nodiscard]] Reading read_codex(std::string_view out);
[[nodiscard]] Reading read_pi(std::string_view out);
[[nodiscard]] Reading read_opencode(std::string_view out);

}  // namespace swarmlab::worker
