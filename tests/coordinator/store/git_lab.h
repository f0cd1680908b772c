// A user's repository with a lab in it, candidates of workers, and git itself to look at the
// result.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "common/git/library.h"
#include "common/git/pack.h"
#include "common/git/repository.h"
#include "coordinator/store/objects.h"
#include "tests/common/git/support.h"

namespace swarmlab::store {

struct Said {
  std::string text;
  bool well = false;
};

inline Said run_git(const std::filesystem::path& repository, const std::string& arguments) {
  int code = 0;
  Said said;
  said.text = git::shell("git --git-dir='" + repository.string() + "' " + arguments, &code);
  said.well = code == 0;
  return said;
}

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

inline bool is_editable(std::string_view path) {
  return path.starts_with("pipeline/");
}

// Of the lab of these tests.
inline constexpr const char* kLabToml =
    "[lab]\n[artifact]\neditable = ['pipeline/**']\n"
    "[metric]\nconfidence = 0\n[evaluator]\ncommand = 'python3 measure.py'\n[agent]\ncommand = "
    "'true'\n";

class GitLab {
 public:
  explicit GitLab(const std::filesystem::path& folder)
      : path_(folder / "user.git"), user_(must(git::Repository::init_bare(path_.string()))) {
    const ObjectId empty = git::empty_tree(user_);
    const ObjectId tree = with(empty, "lab.toml", kLabToml);
    base_ = committed(with(tree, "pipeline/solve.py", "print(1)\n"), {});
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] const ObjectId& base() const { return base_; }

  struct Candidate {
    ObjectId commit;
    ObjectId tree;
    std::string pack;
    ObjectId parent;

    [[nodiscard]] IncomingPack incoming() const& {
      return {.bytes = pack,
              .commit = commit,
              .tree = tree,
              .parent = parent,
              .is_editable = is_editable};
    }
  };

  // What a worker makes of `parent`, with the pack that it sends.
  Candidate candidate(const ObjectId& parent, const std::string& path, const std::string& text) {
    Candidate made;
    made.parent = parent;
    made.tree = with(must(user_.tree_of(parent)), path, text);
    made.commit = committed(made.tree, {parent});
    made.pack = must(git::make_pack(user_, {made.commit}, {parent}));
    return made;
  }

 private:
  ObjectId with(const ObjectId& tree, const std::string& path, const std::string& text) {
    const ObjectId blob = must(user_.write_blob(text));
    return must(user_.replace_paths(
        tree, {{.path = path, .leaf = git::Leaf{.mode = git::FileMode::regular, .id = blob}}}));
  }
  ObjectId committed(const ObjectId& tree, const std::vector<ObjectId>& parents) {
    return must(user_.commit(tree, parents,
                             {.author_name = "ann",
                              .author_email = "ann@example.com",
                              .at = Timestamp(Milliseconds(1'700'000'000'000)),
                              .message = "change"}));
  }

  git::Library library_;
  std::filesystem::path path_;
  git::Repository user_;
  ObjectId base_;
};

}  // namespace swarmlab::store
