#include "coordinator/store/refs.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>
#include <variant>

#include "common/os/file.h"
#include "coordinator/store/packed_refs.h"

namespace swarmlab::store {

namespace {

namespace fs = std::filesystem;

// The file is written anew as a whole: with fewer than this fraction of new refs it would not pay.
constexpr std::uint64_t kWorthwhileFraction = 64;
constexpr std::uint64_t kMaxMarkBytes = 32;

std::string mark_file(const fs::path& folder) {
  return (folder / "swarmlab-refs").string();
}

// A mark that cannot be read costs time only: the refs are written again from the first event.
Sequence read_mark(const fs::path& folder) {
  const auto text = read_file(mark_file(folder), kMaxMarkBytes);
  std::uint64_t mark = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), mark).ec != std::errc()) {
    return Sequence(0);
  }
  return Sequence(mark);
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
  SWARMLAB_TRY(count, count_packed_refs(folder));
  return Refs(folder, read_mark(folder), count);
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
    }
    read_ = event.sequence;
  }
  if (urgent_ || pending_.size() > count_ / kWorthwhileFraction) SWARMLAB_CHECK(flush());
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

// The mark comes last: a crash in between writes some refs twice.
Result<void> Refs::flush() {
  if (!pending_.empty()) {
    SWARMLAB_TRY(count, merge_packed_refs(folder_, pending_));
    count_ = count;
    pending_.clear();
    urgent_ = false;
  }
  if (read_ == written_) return {};
  SWARMLAB_CHECK(write_file_durably(mark_file(folder_), fmt::format("{}\n", read_.value())));
  written_ = read_;
  return {};
}

}  // namespace swarmlab::store
