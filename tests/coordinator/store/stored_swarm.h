// A swarm whose changes go to a store, turn by turn, as the shell does it; and walks of random but
// repeatable commands over it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "common/os/file.h"
#include "coordinator/store/store.h"
#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::store {

// A folder of one test, gone at its end.
class Folder {
 public:
  Folder() : folder_(*TempFolder::create(testing::TempDir(), "swarmlab-store")) {}
  [[nodiscard]] std::filesystem::path path() const { return folder_.path(); }
  [[nodiscard]] std::filesystem::path store() const { return path() / "store"; }

 private:
  TempFolder folder_;
};

// Small enough for any machine that runs the tests.
inline StoreOptions small_options() {
  return {.reserve_bytes = 1U << 20U, .ballast_bytes = 0, .env = nullptr};
}

inline Store open_store(const std::filesystem::path& path,
                        const StoreOptions& options = small_options()) {
  auto store = Store::open(path, options);
  if (!store) throw std::runtime_error(store.error().message);
  return std::move(*store);
}

class StoredSwarm : public swarm::SwarmUnderTest {
 public:
  explicit StoredSwarm(Store& store) : store_(store) {}

  void apply(const swarm::Change& change) override {
    SwarmUnderTest::apply(change);
    pending_.push_back(change);
  }

  Result<void> commit(const std::vector<AttachmentsOf>& attachments = {}) {
    auto done = store_.commit(pending_, state, now, attachments);
    if (done) pending_.clear();
    return done;
  }

  // An experiment from the ask to the report.
  ExperimentNumber run(double score, std::int64_t cost = 0) {
    const swarm::Task task = work_for("w");
    auto report = scored(task, score, cost);
    report.tree = numbered(task.id.value());
    report.commit = report.tree;
    report.measurement->identity.tree = *report.tree;
    counted("w", report);
    return task.experiment;
  }

  static ObjectId numbered(std::uint64_t number) {
    ObjectId id = swarm::object(250);
    for (std::size_t place = 0; place < sizeof(number); ++place) {
      id.bytes.at(place + 4) = static_cast<std::uint8_t>(number >> (8 * place));
    }
    return id;
  }

 private:
  Store& store_;
  std::vector<swarm::Change> pending_;
};

// Does one of all the things that happen to a swarm.
class Walk {
 public:
  Walk(StoredSwarm& swarm, std::uint64_t seed) : swarm_(swarm), random_(seed) {
    for (const char* worker : {"a", "b", "c"}) swarm_.arrive(worker);
    open("first");
    swarm_.tell(swarm::Restarted{});
  }

  void step() {
    const int what = below(100);
    const std::string worker(1, static_cast<char>('a' + below(3)));
    if (what < 40) {
      ask(worker);
    } else if (what < 85) {
      hand_in(worker);
    } else if (what < 90) {
      swarm_.pass(Milliseconds(below(90'000)));
      swarm_.tell(swarm::TimePassed{});
      swarm_.arrive(worker);
    } else if (what < 93) {
      open(below(2) == 0 ? "first" : "second");
    } else if (what < 96) {
      swarm_.tell(swarm::SetLabStatus{.lab = "first",
                                      .wish = static_cast<swarm::SetLabStatus::Wish>(below(2)),
                                      .reason = "walk",
                                      .who = "ann"});
    } else {
      swarm_.arrive(worker);  // it lost what it held
    }
  }

 private:
  int below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }

  void open(const std::string& lab) {
    auto settings = swarm::settings_named(lab);
    settings.stop.max_iterations = 0;
    settings.metric.direction = Direction::minimize;
    swarm::Segment segment = swarm::measured_by(static_cast<std::uint8_t>(1 + below(2)));
    if (lab == "first") {
      settings.scale = "small";
      settings.scales = {Scale{.name = "small"}, Scale{.name = "large"}};
      settings.scales[1].promotion = {.fraction = 0.5, .margin = {}, .floor = 1};
      segment.holdout_hash = swarm::object(66);
    }
    swarm_.open(settings, segment);
  }

  void ask(const std::string& worker) {
    const auto reply = swarm_.ask(worker);
    if (const auto* granted = std::get_if<swarm::Granted>(&reply)) {
      given_.emplace_back(worker, swarm_.state.tasks.at(granted->task));
    }
  }

  // Some reports come twice, late, or from attempts that were given up.
  void hand_in(const std::string& worker) {
    if (given_.empty()) return ask(worker);
    const auto place = static_cast<std::size_t>(below(static_cast<int>(given_.size())));
    const auto [holder, task] = given_.at(place);
    swarm_.hand_in(holder, report_of(task));
    if (below(10) != 0) given_.erase(given_.begin() + static_cast<std::ptrdiff_t>(place));
  }

  Report report_of(const swarm::Task& task) {
    const int how = below(10);
    const int cost = below(50);
    if (how == 0) return swarm_.ended(task, Outcome::crash, cost);
    if (how == 1) return swarm_.ended(task, Outcome::returned, cost);
    // Few trees: some candidates come again.
    const auto tree = StoredSwarm::numbered(static_cast<std::uint64_t>(below(300)));
    return swarm_.scored(task, static_cast<double>(below(1000)) / 10.0, cost, tree);
  }

  StoredSwarm& swarm_;
  std::mt19937_64 random_;
  std::vector<std::pair<std::string, swarm::Task>> given_;
};

}  // namespace swarmlab::store
