#include "coordinator/store/refs.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <utility>
#include <variant>

#include "common/os/fail_point.h"
#include "common/os/file.h"
#include "coordinator/swarm/climb.h"

namespace swarmlab::store {

namespace {

namespace fs = std::filesystem;

// The file is written anew as a whole: with fewer than this fraction of new refs it would not pay.
constexpr std::uint64_t kWorthwhileFraction = 64;
constexpr std::uint64_t kMaxMarkBytes = 128;

std::string mark_file(const fs::path& folder) {
  return (folder / "swarmlab-refs").string();
}

struct Mark {
  Sequence read;
  std::string sha256;  // of packed-refs; empty: of an earlier release
};

// A mark that cannot be read costs time only: the refs are written again from the first event.
std::optional<Mark> read_mark(const fs::path& folder) {
  const auto text = read_file(mark_file(folder), kMaxMarkBytes);
  if (!text) return std::nullopt;
  std::uint64_t read = 0;
  const char* const end = text->data() + text->size();
  const auto [rest, error] = std::from_chars(text->data(), end, read);
  if (error != std::errc() || rest == end) return std::nullopt;
  const std::string_view words(rest, static_cast<std::size_t>(end - rest));
  if (words == "\n") return Mark{.read = Sequence(read), .sha256 = {}};
  constexpr std::size_t kSumDigits = 64;
  if (words.size() != kSumDigits + 2 || words.front() != ' ' || words.back() != '\n') {
    return std::nullopt;
  }
  return Mark{.read = Sequence(read), .sha256 = std::string(words.substr(1, kSumDigits))};
}

bool is_plain(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9') || letter == '-' || letter == '_';
}

}  // namespace

std::string ref_folder(std::string_view lab) {
  std::string name = "refs/swarmlab/";
  for (std::size_t place = 0; place < lab.size(); ++place) {
    const char letter = lab[place];
    const bool inner_dot = letter == '.' && place > 0 && is_plain(lab[place - 1]) &&
                           place + 1 < lab.size() && !lab.substr(place).starts_with(".lock");
    if (is_plain(letter) || inner_dot) {
      name.push_back(letter);
    } else {
      fmt::format_to(std::back_inserter(name), "%{:02X}", static_cast<unsigned char>(letter));
    }
  }
  return name;
}

Result<Refs> Refs::open(const fs::path& folder) {
  SWARMLAB_TRY(found, look_at_packed_refs(folder));
  const std::optional<Mark> mark = read_mark(folder);
  // Written by others (git gc), or damaged: ours are made anew from the events.
  const bool trusted = mark && (mark->sha256.empty() || mark->sha256 == found.sha256);
  if (trusted) return Refs(folder, mark->read, std::move(found));
  SWARMLAB_TRY(others, remove_packed_refs(folder, "refs/swarmlab/"));
  return Refs(folder, Sequence(0), std::move(others));
}

Result<bool> Refs::follow(const Store& store, const swarm::State& state, std::size_t max_events) {
  // The mark is of a later history than the store's, which came from a backup: all over again.
  if (read_ > store.last_sequence()) read_ = written_ = Sequence(0);
  SWARMLAB_TRY(events, store.events(read_, max_events));
  for (const StoredEvent& event : events) {
    if (const auto* fact = std::get_if<swarm::ExperimentFinished>(&event.change)) {
      take(*fact, state);
    } else if (const auto* measured = std::get_if<swarm::CandidateMeasured>(&event.change)) {
      name_candidate(measured->pending.experiment, state);
    } else if (const auto* rejected = std::get_if<swarm::ExperimentRejected>(&event.change)) {
      SWARMLAB_CHECK(take(*rejected, store, state));
    } else if (const auto* ended = std::get_if<swarm::CheckEnded>(&event.change)) {
      if (ended->becomes_champion) name_champion(ended->lab, state);
    }
    read_ = event.sequence;
  }
  if (urgent_ || pending_.size() > file_.count / kWorthwhileFraction) SWARMLAB_CHECK(flush());
  return events.size() == max_events;
}

std::optional<std::string> Refs::name_candidate(const Experiment& experiment,
                                                const swarm::State& state) {
  const auto lab = state.labs.find(experiment.lab);
  if (!experiment.commit || lab == state.labs.end()) return std::nullopt;
  std::string folder = ref_folder(lab->second.settings.name);
  pending_[fmt::format("{}/exp/{}", folder, experiment.number.value())] = *experiment.commit;
  return folder;
}

// As it is by now: the refs follow behind.
void Refs::name_champion(LabId id, const swarm::State& state) {
  const auto lab = state.labs.find(id);
  if (lab == state.labs.end()) return;
  const auto champion = swarm::champion_of(lab->second);
  if (!champion) return;
  urgent_ = true;
  pending_[ref_folder(lab->second.settings.name) + "/champion"] = champion->commit;
}

void Refs::take(const swarm::ExperimentFinished& fact, const swarm::State& state) {
  const Experiment& experiment = fact.experiment;
  const std::optional<std::string> named = name_candidate(experiment, state);
  if (!named) return;
  const std::string& folder = *named;
  if (experiment.verdict != Verdict::keep) return;
  urgent_ = true;
  pending_[fmt::format("{}/kept/{}", folder, experiment.number.value())] = *experiment.commit;
  if (fact.becomes_best) pending_[folder + "/best"] = *experiment.commit;
}

// It stays a candidate; the best is another from now on.
Result<void> Refs::take(const swarm::ExperimentRejected& fact, const Store& store,
                        const swarm::State& state) {
  const auto lab = state.labs.find(fact.lab);
  if (lab == state.labs.end()) return {};
  SWARMLAB_TRY(best, store.experiment(fact.lab, fact.best));
  if (!best || !best->commit) return {};
  urgent_ = true;
  pending_[ref_folder(lab->second.settings.name) + "/best"] = *best->commit;
  name_champion(fact.lab, state);
  return {};
}

// The mark comes last: a crash in between writes some refs twice.
Result<void> Refs::flush() {
  if (!pending_.empty()) {
    SWARMLAB_TRY(merged, merge_packed_refs(folder_, pending_));
    file_ = merged;
    pending_.clear();
    urgent_ = false;
  }
  if (read_ == written_) return {};
  fail_point(FailPoint::refs_between);
  SWARMLAB_CHECK(
      write_file_durably(mark_file(folder_), fmt::format("{} {}\n", read_.value(), file_.sha256)));
  written_ = read_;
  return {};
}

}  // namespace swarmlab::store
