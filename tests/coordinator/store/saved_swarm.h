// A swarm with real candidates: store, objects and refs in one folder, as a coordinator has them;
// and everything that can be read from them, to be held against a copy.
#pragma once

#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/store/backup.h"
#include "coordinator/store/refs.h"
#include "tests/coordinator/store/git_lab.h"
#include "tests/coordinator/store/stored_swarm.h"

namespace swarmlab::store {

// SWARMLAB_SEED: scripts/faults.sh gives another each time.
inline std::uint64_t seed_wished_for() {
  const char* wish = std::getenv("SWARMLAB_SEED");
  return wish == nullptr ? 1 : std::strtoull(wish, nullptr, 10);
}

// What reads must give: all of it, or an error.
struct Contents {
  swarm::State state;
  std::vector<StoredEvent> events;
  std::map<std::pair<LabId, ExperimentNumber>, Experiment> experiments;
  std::map<std::pair<LabId, ExperimentNumber>, Attachments> attachments;
  std::map<LabId, std::vector<ExperimentNumber>> by_score;
  std::map<ObjectId, std::string> diffs;  // of every candidate, by commit
};

inline bool operator==(const Contents& a, const Contents& b) {
  return a.state.same_facts(b.state) && a.events == b.events && a.experiments == b.experiments &&
         a.attachments == b.attachments && a.by_score == b.by_score && a.diffs == b.diffs;
}

inline Result<Contents> read_all(const Store& store, const Objects& objects) {
  constexpr std::size_t kAll = 1'000'000;
  Contents contents;
  SWARMLAB_TRY(state, store.load());
  SWARMLAB_TRY(replayed, store.replay());
  if (!state.same_facts(replayed)) {
    return fail(ErrorCode::internal, "the records are not what the events add up to");
  }
  contents.state = std::move(state);
  SWARMLAB_TRY(events, store.events(Sequence(0), kAll));
  contents.events = std::move(events);
  for (const auto& [id, lab] : contents.state.labs) {
    SWARMLAB_TRY(experiments, store.experiments(id, ExperimentNumber(0), kAll));
    for (const Experiment& one : experiments) {
      contents.experiments.emplace(std::pair(id, one.number), one);
      SWARMLAB_TRY(texts, store.attachments(id, one.number));
      contents.attachments.emplace(std::pair(id, one.number), std::move(texts));
      if (!one.commit || *one.commit == one.parent_commit) continue;
      SWARMLAB_TRY(diff, objects.diff_text(one.parent_commit, *one.commit, kAll));
      contents.diffs.emplace(*one.commit, std::move(diff));
    }
    SWARMLAB_TRY(sorted, store.experiments_by_score(id, lab.segment.number, kAll,
                                                    lab.settings.metric.direction));
    for (const Experiment& one : sorted) contents.by_score[id].push_back(one.number);
  }
  return contents;
}

// As the engine does it: objects first, then the record, then (sometimes) the refs.
class SavedSwarm {
 public:
  explicit SavedSwarm(std::filesystem::path folder, const StoreOptions& options = small_options())
      : folder_(std::move(folder)),
        objects_(must(Objects::open(folder_ / "objects.git"))),
        refs_(must(Refs::open(folder_ / "objects.git"))),
        store_(open_store(folder_ / "store", options)),
        swarm_(store_),
        lab_(folder_) {}

  // \param noisy  runs of the baseline differ: what looks better is measured again
  void start(bool noisy = false) {
    if (!objects_.import_commit(lab_.path(), lab_.base())) throw std::runtime_error("import");
    swarm::Segment segment = swarm::measured_by(7);
    segment.lab_commit = lab_.base();
    LabSettings settings = swarm::settings_named("lab");
    settings.stop.max_iterations = 0;
    if (noisy) settings.metric.confidence = 0.95;
    swarm_.open(settings, segment);
    swarm_.arrive("w");
    const swarm::Task baseline = swarm_.work_for("w");
    Report report = swarm_.scored(baseline, 1.0, 0, must(objects_.tree_of(lab_.base())));
    report.commit = lab_.base();
    if (noisy) report.more.push_back(swarm_.run_of(baseline, *report.tree, 2.0));
    swarm_.counted("w", report);
    must_commit({});
  }

  // Goes on from what is stored.
  void resume() {
    swarm_.state = must(store_.load());
    for (const auto& [id, lab] : swarm_.state.labs) {
      for (const Experiment& one : must(store_.experiments(id, ExperimentNumber(0), 1'000'000))) {
        swarm_.stored.emplace(std::pair(id, one.number), one);
      }
    }
    swarm_.arrive("w");
  }

  // One experiment whose log has so many bytes, which do not compress.
  void run(std::size_t log_bytes = 100) {
    const swarm::Task task = swarm_.work_for("w");
    finish(task, 1.0 + static_cast<double>(task.experiment.value() * 37 % 101), log_bytes);
  }
  // One with this score; the lower the better.
  swarm::Task run_scoring(double score) {
    const swarm::Task task = swarm_.work_for("w");
    finish(task, score, 100);
    return task;
  }

  void tidy() {
    if (!refs_.follow(store_, swarm_.state) || !objects_.compact_if_needed()) {
      throw std::runtime_error("tidy");
    }
  }
  void close_refs() {
    tidy();
    if (!refs_.flush()) throw std::runtime_error("flush");
  }

  [[nodiscard]] BackupSource source() {
    return {.state_folder = folder_, .checkpoint = [this](const std::filesystem::path& to) {
              return store_.checkpoint(to);
            }};
  }
  [[nodiscard]] Store& store() { return store_; }
  [[nodiscard]] Objects& objects() { return objects_; }
  [[nodiscard]] StoredSwarm& swarm() { return swarm_; }

 private:
  void finish(const swarm::Task& task, double score, std::size_t log_bytes) {
    const std::uint64_t number = task.experiment.value();
    const auto made =
        lab_.candidate(task.parent_commit, "pipeline/solve.py", fmt::format("print({})\n", number));
    const IncomingPack pack = made.incoming();
    const auto taken = must(objects_.ingest({&pack, 1}));
    if (!taken.front()) throw std::runtime_error(taken.front().error().message);
    Report report = swarm_.scored(task, score, 3, made.tree);
    report.commit = made.commit;
    swarm_.counted("w", report);
    std::mt19937_64 random(number);
    std::string log(log_bytes, '\0');
    for (char& letter : log) letter = static_cast<char>(random());
    must_commit({{.lab = task.lab,
                  .number = task.experiment,
                  .attachments = {
                      .samples = {}, .agent_log = log, .guard_log = {}, .evaluator_log = "ok"}}});
  }

  void must_commit(const std::vector<AttachmentsOf>& attachments) {
    if (const auto done = swarm_.commit(attachments); !done) {
      throw std::runtime_error(done.error().message);
    }
  }

  std::filesystem::path folder_;
  Objects objects_;
  Refs refs_;
  Store store_;
  StoredSwarm swarm_;
  GitLab lab_;
};

}  // namespace swarmlab::store
