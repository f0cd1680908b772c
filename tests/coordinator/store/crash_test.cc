// Processes that are killed in the middle of their work.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <map>
#include <set>

#include "common/os/unique_fd.h"
#include "tests/coordinator/store/stored_swarm.h"

namespace swarmlab::store {
namespace {

constexpr const char* kStoreOfChild = "SWARMLAB_TEST_STORE";
constexpr const char* kSeedOfChild = "SWARMLAB_TEST_SEED";
constexpr int kSaysOn = 100;  // a descriptor that nothing else has

// Large enough that tables are written and compacted while the process is killed.
AttachmentsOf log_of(const Experiment& experiment, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string log(48U << 10U, '\0');
  for (char& letter : log) letter = static_cast<char>(random());
  return {.lab = experiment.lab,
          .number = experiment.number,
          .attachments = {.samples = {}, .agent_log = log, .guard_log = {}, .evaluator_log = {}}};
}

// Walks and commits until it is killed; says each sequence that was acknowledged.
void commit_until_killed(const char* path, std::uint64_t seed) {
  Store store = open_store(path);
  StoredSwarm swarm(store);
  swarm.state = *store.load();
  swarm.rules.worker_silence = std::chrono::hours(100);
  for (const auto& [id, lab] : swarm.state.labs) {
    const auto known = *store.experiments(id, ExperimentNumber(0), 1'000'000);
    for (const Experiment& one : known) swarm.stored.emplace(std::pair(id, one.number), one);
  }
  Walk walk(swarm, seed);
  while (true) {
    const std::size_t before = swarm.stored.size();
    for (int step = 0; step < 8; ++step) walk.step();
    std::vector<AttachmentsOf> logs;
    if (swarm.stored.size() > before) logs.push_back(log_of(swarm.stored.rbegin()->second, seed));
    if (!swarm.commit(logs)) std::_Exit(3);
    const std::uint64_t sequence = store.last_sequence().value();
    if (::write(kSaysOn, &sequence, sizeof(sequence)) != sizeof(sequence)) std::_Exit(4);
  }
}

// Not a test: what the tests below start, as a program of its own. A child that only forks would
// have none of RocksDB's threads.
TEST(StoreCrashChild, DISABLED_CommitsUntilItIsKilled) {
  const char* path = std::getenv(kStoreOfChild);
  if (path == nullptr) GTEST_SKIP() << "is started by other tests";
  commit_until_killed(path, std::strtoull(std::getenv(kSeedOfChild), nullptr, 10));
}

class Child {
 public:
  Child(const std::filesystem::path& store, std::uint64_t seed) {
    const std::string path = fmt::format("{}={}", kStoreOfChild, store.string());
    const std::string number = fmt::format("{}={}", kSeedOfChild, seed);
    std::array<const char*, 3> environment = {path.c_str(), number.c_str(), nullptr};
    std::array<const char*, 5> arguments = {
        "swarmlab-store-child", "--gtest_filter=StoreCrashChild.DISABLED_CommitsUntilItIsKilled",
        "--gtest_also_run_disabled_tests", "--gtest_brief=1", nullptr};
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    acknowledgements_ = UniqueFd(ends[0]);
    const UniqueFd writer(ends[1]);
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::dup2(writer.get(), kSaysOn);
    ::dup2(::open("/dev/null", O_WRONLY | O_CLOEXEC), STDOUT_FILENO);
    ::execve("/proc/self/exe", const_cast<char* const*>(arguments.data()),
             const_cast<char* const*>(environment.data()));
    std::_Exit(5);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ > 0) kill();
  }

  [[nodiscard]] pid_t pid() const { return pid_; }

  // The next sequence that it says is on disk; 0: it is dead.
  std::uint64_t next() {
    std::uint64_t sequence = 0;
    const bool whole =
        ::read(acknowledgements_.get(), &sequence, sizeof(sequence)) == ssize_t{sizeof(sequence)};
    return whole ? sequence : 0;
  }

  // Until it says something, or for so long.
  void wait(int milliseconds) const {
    pollfd said{.fd = acknowledgements_.get(), .events = POLLIN, .revents = 0};
    ::poll(&said, 1, milliseconds);
  }

  void kill() {
    ::kill(pid_, SIGKILL);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "exit " << WEXITSTATUS(status);
    pid_ = 0;
  }

 private:
  UniqueFd acknowledgements_;
  pid_t pid_ = 0;
};

// Every event is there once, in order; the records are what the events add up to; and each
// experiment that the events tell of is in the history.
void expect_sound(const Store& store) {
  const auto loaded = store.load();
  ASSERT_TRUE(loaded) << loaded.error().message;
  const auto replayed = store.replay();
  ASSERT_TRUE(replayed) << replayed.error().message;
  EXPECT_TRUE(loaded->same_facts(*replayed));
  std::map<LabId, std::set<ExperimentNumber>> told;
  const auto events = *store.events(Sequence(0), 1'000'000);
  EXPECT_EQ(events.size(), store.last_sequence().value());
  for (const StoredEvent& event : events) {
    const auto* finished = std::get_if<swarm::ExperimentFinished>(&event.change);
    if (finished == nullptr) continue;
    EXPECT_TRUE(told[finished->experiment.lab].insert(finished->experiment.number).second);
  }
  for (const auto& [lab, numbers] : told) {
    const auto known = *store.experiments(lab, ExperimentNumber(0), 1'000'000);
    EXPECT_EQ(known.size(), numbers.size());
    for (const Experiment& one : known) EXPECT_TRUE(numbers.contains(one.number));
  }
}

// In parts, as a slow disk takes its time for all of them.
class StoreKilled : public testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Part, StoreKilled, testing::Range(std::uint64_t{0}, std::uint64_t{4}));

TEST_P(StoreKilled, HasWhatItAcknowledgedOnceWheneverItWas) {
  const Folder folder;
  constexpr std::uint64_t kKills = 15;
  std::uint64_t last = 0;
  for (std::uint64_t round = kKills * GetParam(); round < kKills * (GetParam() + 1); ++round) {
    SCOPED_TRACE(fmt::format("kill {}", round));
    Child child(folder.store(), round);
    std::uint64_t acknowledged = 0;
    for (std::uint64_t turn = 0; turn <= round % 13; ++turn) acknowledged = child.next();
    child.kill();  // in the middle of what came after the last word
    while (const std::uint64_t said = child.next()) acknowledged = said;
    ASSERT_GT(acknowledged, last);
    const Store store = open_store(folder.store());
    ASSERT_GE(store.last_sequence().value(), acknowledged);
    ASSERT_NO_FATAL_FAILURE(expect_sound(store));
    last = store.last_sequence().value();
  }
}

TEST(StoreCrash, AStoreWhoseCreatorWasKilledIsCreatedByTheNext) {
  for (int milliseconds = 0; milliseconds < 40; ++milliseconds) {
    SCOPED_TRACE(fmt::format("killed after {} ms", milliseconds));
    const Folder folder;
    {
      Child child(folder.store(), 1);
      child.wait(milliseconds);
      child.kill();
    }
    const auto unfinished = Store::open_read_only(folder.store(), small_options());
    if (!unfinished) {
      EXPECT_EQ(unfinished.error().code, ErrorCode::not_found) << unfinished.error().message;
    }
    ASSERT_NO_FATAL_FAILURE(expect_sound(open_store(folder.store())));
  }
}

TEST(StoreCrash, AStoreWhoseProcessWasKilledIsNotLocked) {
  const Folder folder;
  Child child(folder.store(), 1);
  ASSERT_GT(child.next(), 0U);
  const auto second = Store::open(folder.store(), small_options());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  EXPECT_NE(second.error().message.find(fmt::format("process {} has it open", child.pid())),
            std::string::npos)
      << second.error().message;
  child.kill();
  EXPECT_TRUE(Store::open(folder.store(), small_options()));
}

}  // namespace
}  // namespace swarmlab::store
