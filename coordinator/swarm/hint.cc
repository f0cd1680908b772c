// What people say to the agents of a lab.
#include <algorithm>

#include "common/result.h"
#include "coordinator/swarm/find.h"
#include "coordinator/swarm/handlers.h"

namespace swarmlab::swarm {
namespace {

constexpr std::size_t kMostHints = 50;  // of a lab at a time: each is in every brief
constexpr std::size_t kMostBytes = 2000;

bool is_blank(const std::string& text) {
  return text.find_first_not_of(" \t\r\n") == std::string::npos;
}

}  // namespace

Decision on(const State& state, const Rules& /*rules*/, const GiveHint& command, Timestamp now) {
  const Lab* lab = find_lab(state, command.lab);
  if (lab == nullptr) return {.changes = {}, .reply = unknown_lab(state, command.lab)};
  if (is_blank(command.text) || command.text.size() > kMostBytes) {
    return refuse(ErrorCode::invalid_input,
                  fmt::format("the hint has {} bytes, expected a text of 1 to {}",
                              command.text.size(), kMostBytes));
  }
  // The same again: the first answer was lost.
  const auto same = std::ranges::find_if(lab->hints, [&command](const auto& one) {
    return one.second.text == command.text && one.second.who == command.who;
  });
  if (same != lab->hints.end()) {
    return {.changes = {},
            .reply = HintStands{.lab = lab->id, .number = same->first, .hint = same->second}};
  }
  if (lab->hints.size() >= kMostHints) {
    return refuse(ErrorCode::conflict,
                  fmt::format("lab {} has {} hints, as many as it may have: withdraw one first",
                              command.lab, kMostHints));
  }
  const HintGiven fact{.lab = lab->id,
                       .number = lab->next_hint,
                       .hint = {.text = command.text, .who = command.who, .at = now}};
  return {.changes = {fact},
          .reply = HintStands{.lab = lab->id, .number = fact.number, .hint = fact.hint}};
}

Decision on(const State& state, const Rules& /*rules*/, const WithdrawHint& command,
            Timestamp now) {
  const Lab* lab = find_lab(state, command.lab);
  if (lab == nullptr) return {.changes = {}, .reply = unknown_lab(state, command.lab)};
  const auto hint = lab->hints.find(command.number);
  if (hint == lab->hints.end()) {
    const bool was_there = command.number.value() > 0 && command.number < lab->next_hint;
    return refuse(
        ErrorCode::not_found,
        fmt::format("lab {}: {} hint {}", command.lab,
                    was_there ? "withdrawn already is" : "there is no", command.number.value()));
  }
  return {.changes = {HintWithdrawn{
              .lab = lab->id, .number = command.number, .who = command.who, .at = now}},
          .reply = HintStands{
              .lab = lab->id, .number = command.number, .hint = hint->second, .holds = false}};
}

}  // namespace swarmlab::swarm
