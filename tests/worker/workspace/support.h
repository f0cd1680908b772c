// A lab checked out as an agent finds it.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "common/git/verify.h"
#include "common/os/unique_fd.h"
#include "tests/common/git/support.h"
#include "worker/workspace/collect.h"
#include "worker/workspace/workspace.h"

namespace swarmlab::worker {

using git::get;
using git::put;
using git::shell;

class WorkspaceTest : public testing::Test {
 protected:
  WorkspaceTest() {
    std::vector<git::PathEdit> files;
    for (const auto* name :
         {"evaluate.py", "lab.toml", "guard.sh", "data/train.csv", "pipe/train.py",
          "pipe/sub/helper.py", "pipe/tool", "pipe/frozen.py"}) {
      files.push_back({name, leaf(std::filesystem::path(name).stem())});
    }
    parent_ = cache_.replace_paths(git::empty_tree(cache_), files).value();
    check_out_again();
  }

  [[nodiscard]] std::string path(const std::string& name) const {
    return temp_->path() + "/" + name;
  }
  [[nodiscard]] std::string at(const std::string& name) const { return path("work/" + name); }
  [[nodiscard]] git::Leaf leaf(const std::string& bytes) {
    return {git::FileMode::regular, cache_.write_blob(bytes).value()};
  }
  void check_out_again() {
    ASSERT_TRUE(remove_tree(path("work")));
    ASSERT_TRUE(prepare(cache_, parent_, path("work")));
  }

  [[nodiscard]] CollectRequest request() const {
    return {.folder = path("work"), .parent_tree = parent_, .limits = limits_, .ignored = {}};
  }
  [[nodiscard]] Collected collect_all() { return collect(cache_, scope_, request()).value(); }
  [[nodiscard]] std::vector<std::string> changed() {
    Collected collected = collect_all();
    EXPECT_TRUE(collected.violations.empty())
        << collected.violations.front().path << ": " << collected.violations.front().why;
    return collected.changed;
  }
  /// The paths that were out of scope; if there are any there is no candidate.
  [[nodiscard]] std::vector<std::string> violated() {
    const Collected collected = collect_all();
    std::vector<std::string> paths;
    for (const Violation& violation : collected.violations) {
      EXPECT_FALSE(violation.why.empty());
      paths.push_back(violation.path);
    }
    EXPECT_EQ(collected.tree.is_zero(), !paths.empty());
    return paths;
  }
  static void make_socket(const std::string& path) {
    const UniqueFd made(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    ASSERT_LT(path.size(), sizeof address.sun_path);
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    ASSERT_EQ(::bind(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }

  git::Library library_{{.fsync = false}};
  Result<TempFolder> temp_ = TempFolder::create(testing::TempDir(), "ws");
  git::Repository cache_ = *git::Repository::init_bare(path("cache"));
  Scope scope_ = *Scope::from({.editable = {"pipe/**"}, .frozen = {"pipe/frozen.py"}});
  CollectLimits limits_;
  ObjectId parent_;
};

}  // namespace swarmlab::worker
