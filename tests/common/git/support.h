// What tests of git need: folders of their own, the real git command, repositories made with it.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "common/git/library.h"
#include "common/git/repository.h"
#include "common/os/file.h"

namespace swarmlab::git {

struct ClosePipe {
  void operator()(FILE* pipe) const { ::pclose(pipe); }
};

// What a shell command prints, both streams; its exit code goes to `*code` if it is asked for.
inline std::string shell(const std::string& command, int* code = nullptr) {
  FILE* pipe = ::popen(("exec 2>&1; " + command).c_str(), "r");
  std::string output;
  std::array<char, 4096> chunk{};
  for (std::size_t got = 0; (got = std::fread(chunk.data(), 1, chunk.size(), pipe)) > 0;) {
    output.append(chunk.data(), got);
  }
  const int status = ::pclose(pipe);
  if (code != nullptr) *code = status;
  return output;
}

inline void put(const std::string& path, const std::string& bytes) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

inline std::string get(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline ObjectId empty_tree(Repository& repository) {
  const ObjectId empty = *ObjectId::from_hex("4b825dc642cb6eb9a060e54bf8d69288fbee4904");
  return repository.replace_paths(empty, {}).value();  // libgit2 knows it without an object
}

class GitTest : public testing::Test {
 protected:
  GitTest() : library_({.fsync = false}), temp_(TempFolder::create(testing::TempDir(), "git")) {
    user_ = path("user");
    std::filesystem::create_directories(user_);
    git("init -q -b main");
  }

  [[nodiscard]] std::string path(const std::string& name) const {
    return temp_->path() + "/" + name;
  }

  // Runs the git command in the user's repository, with no configuration but ours.
  std::string git(const std::string& arguments, const std::string& folder = "") const {
    int code = 0;
    std::string output =
        shell("cd " + (folder.empty() ? user_ : folder) +
                  " && HOME=/nowhere GIT_CONFIG_NOSYSTEM=1 git -c user.name=U -c user.email=u@x "
                  "-c safe.directory='*' -c protocol.file.allow=always " +
                  arguments,
              &code);
    EXPECT_EQ(code, 0) << "git " << arguments << ": " << output;
    while (!output.empty() && output.back() == '\n') output.pop_back();
    return output;
  }

  ObjectId commit_all(const std::string& message = "c") const {
    git("add -A");
    git("commit -q --allow-empty -m " + message);
    return *ObjectId::from_hex(git("rev-parse HEAD"));
  }

  void expect_sound(const std::string& repository) const {
    const std::string said = git("--git-dir=" + repository + " fsck --full --strict", path("."));
    EXPECT_EQ(said.find("error"), std::string::npos) << said;
    EXPECT_EQ(said.find("missing"), std::string::npos) << said;
    EXPECT_EQ(said.find("warning"), std::string::npos) << said;
  }

  static CommitText text(const std::string& message) {
    return {.author_name = "swarmlab",
            .author_email = "agent@swarmlab",
            .at = Timestamp(Milliseconds(1'700'000'000'000)),
            .message = message};
  }

  Library library_;
  Result<TempFolder> temp_;
  std::string user_;
};

}  // namespace swarmlab::git
