// What an experiment costs besides its agent and evaluator: checkout, collect, commit, pack, the
// candidate's checkout, and the coordinator's ingest. Prints medians in milliseconds.
//   bench_workspace [FOLDER]
#include "worker/workspace/workspace.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>

#include "common/git/library.h"
#include "common/git/pack.h"
#include "common/os/file.h"
#include "worker/workspace/collect.h"

namespace swarmlab {
namespace {

constexpr int kRounds = 30;

template <class T>
T must(Result<T> result) {
  if (result) return *std::move(result);
  fmt::print(stderr, "{}\n", result.error().message);
  std::exit(1);
}
void must(const Result<void>& result) {
  if (result) return;
  fmt::print(stderr, "{}\n", result.error().message);
  std::exit(1);
}

class Stopwatch {
 public:
  void lap(const std::string& name) {
    const auto now = std::chrono::steady_clock::now();
    laps_[name].push_back(std::chrono::duration<double, std::milli>(now - last_).count());
    last_ = std::chrono::steady_clock::now();
  }
  void restart() { last_ = std::chrono::steady_clock::now(); }
  void print() {
    double sum = 0;
    for (auto& [name, laps] : laps_) {
      std::sort(laps.begin(), laps.end());
      fmt::print("  {:<32} {:8.2f} ms\n", name, laps[laps.size() / 2]);
      sum += laps[laps.size() / 2];
    }
    fmt::print("  {:<32} {:8.2f} ms\n", "sum", sum);
  }

 private:
  std::chrono::steady_clock::time_point last_;
  std::map<std::string, std::vector<double>> laps_;
};

git::CommitText text(int round) {
  return {.author_name = "swarmlab",
          .author_email = "agent@swarmlab",
          .at = Timestamp(Milliseconds(round)),
          .message = "candidate"};
}

ObjectId lab_of(git::Repository& cache, int files) {
  std::vector<git::PathEdit> edits;
  for (int i = 0; i < files; ++i) {
    const std::string bytes =
        fmt::format("# file {}\n{}\n", i, std::string(3000, static_cast<char>('a' + i % 26)));
    edits.push_back({fmt::format("lab/{}/file-{}.py", i % 20, i),
                     git::Leaf{git::FileMode::regular, must(cache.write_blob(bytes))}});
  }
  const auto empty = *ObjectId::from_hex("4b825dc642cb6eb9a060e54bf8d69288fbee4904");
  const ObjectId tree = must(cache.replace_paths(empty, edits));
  return must(cache.commit(tree, {}, text(0)));
}

void measure(const std::string& folder, int files) {
  const git::Library worker({.fsync = false});
  auto source = must(git::Repository::init_bare(fmt::format("{}/source-{}", folder, files)));
  const ObjectId base = lab_of(source, files);
  auto cache = must(git::Repository::init_bare(fmt::format("{}/cache-{}", folder, files)));
  auto store = must(git::Repository::init_bare(fmt::format("{}/store-{}", folder, files)));
  Stopwatch watch;
  watch.restart();
  const std::string whole = must(git::make_pack(source, {base}, {}));
  watch.lap("0 pack of the whole lab, once");
  must(git::index_pack(cache, whole, base));
  watch.lap("0 ingest of the whole lab, once");
  must(git::copy_commit(source, base, store));
  const Scope scope = must(Scope::from({.editable = {"lab/0/**", "lab/1/**"}, .frozen = {}}));
  ObjectId parent = base;
  for (int round = 1; round <= kRounds; ++round) {
    const std::string work = fmt::format("{}/work-{}", folder, round);
    watch.restart();
    const ObjectId tree = must(cache.tree_of(parent));
    must(worker::prepare(cache, tree, work));
    watch.lap("1 checkout of the parent");
    must(write_file(work + "/lab/0/file-0.py", fmt::format("changed {}", round)));
    watch.restart();
    const worker::CollectRequest request{
        .folder = work, .parent_tree = tree, .limits = {}, .ignored = {}};
    watch.restart();
    const auto collected = must(worker::collect(cache, scope, request));
    watch.lap("2 collect");
    const ObjectId candidate = must(cache.commit(collected.tree, {parent}, text(round)));
    watch.lap("3 commit");
    const std::string pack = must(git::make_pack(cache, {candidate}, {parent}));
    watch.lap("4 pack");
    must(worker::prepare(cache, collected.tree, work + "-clean"));
    watch.lap("5 checkout of the candidate");
    {
      const git::Library coordinator({.fsync = true});
      watch.restart();
      must(git::index_pack(store, pack, candidate));
      watch.lap("6 ingest, synced (coordinator)");
      must(store.set_ref(fmt::format("refs/swarmlab/x/exp/{}", round), candidate));
      watch.lap("7 ref, synced (coordinator)");
    }
    const git::Library again({.fsync = false});
    watch.restart();
    must(remove_tree(work));
    must(remove_tree(work + "-clean"));
    watch.lap("8 removing both folders");
    parent = candidate;
  }
  fmt::print("{} files\n", files);
  watch.print();
}

}  // namespace
}  // namespace swarmlab

int main(int argc, char** argv) {
  const auto temp =
      swarmlab::must(swarmlab::TempFolder::create(argc > 1 ? argv[1] : "/tmp", "bench"));
  for (const int files : {50, 2000}) swarmlab::measure(temp.path(), files);
  return 0;
}
