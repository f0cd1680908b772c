// The candidate is the parent and the editable paths. What else an agent touched is out of scope,
// or without effect.
#include "worker/workspace/collect.h"

#include <gtest/gtest.h>

#include "tests/worker/workspace/support.h"

namespace swarmlab::worker {
namespace {

using CollectTest = WorkspaceTest;
using Paths = std::vector<std::string>;

TEST_F(CollectTest, AnUntouchedWorkspaceIsTheParent) {
  const Collected collected = collect_all();
  EXPECT_EQ(collected.tree, parent_);
  EXPECT_EQ(collected.changed, Paths{});
  EXPECT_EQ(collected.violations, std::vector<Violation>{});
}

TEST_F(CollectTest, TheCandidateIsTheParentWithTheEditablePathsReplaced) {
  put(at("pipe/train.py"), "changed");
  put(at("pipe/deep/new/file"), "new");
  std::filesystem::remove(at("pipe/sub/helper.py"));
  ASSERT_EQ(::chmod(at("pipe/tool").c_str(), 0755), 0);
  const Collected collected = collect_all();
  ASSERT_EQ(collected.violations, std::vector<Violation>{});
  EXPECT_EQ(collected.changed,
            (Paths{"pipe/deep/new/file", "pipe/sub/helper.py", "pipe/tool", "pipe/train.py"}));
  ASSERT_TRUE(prepare(cache_, collected.tree, path("candidate")));
  EXPECT_EQ(get(path("candidate/pipe/train.py")), "changed");
  EXPECT_EQ(get(path("candidate/pipe/deep/new/file")), "new");
  EXPECT_FALSE(std::filesystem::exists(path("candidate/pipe/sub")));
  EXPECT_EQ(::access(path("candidate/pipe/tool").c_str(), X_OK), 0);
  EXPECT_EQ(get(path("candidate/evaluate.py")), "evaluate");
}

TEST_F(CollectTest, WhatItTakesIsWhatTheCoordinatorsCheckTakes) {
  put(at("pipe/train.py"), "changed");
  std::filesystem::create_symlink("train.py", at("pipe/link"));
  const Collected collected = collect_all();
  const auto editable = [this](std::string_view p) { return scope_.editable(p); };
  EXPECT_EQ(git::verify_candidate(cache_, parent_, collected.tree, editable).value(), Paths{});
}

TEST_F(CollectTest, AChangedEvaluatorIsOutOfScope) {
  put(at("evaluate.py"), "print(0)");
  EXPECT_EQ(violated(), Paths{"evaluate.py"});
}

TEST_F(CollectTest, AChangeThatKeepsTheSizeIsSeen) {
  put(at("evaluate.py"), "evaluatE");
  EXPECT_EQ(violated(), Paths{"evaluate.py"});
}

TEST_F(CollectTest, AChangedLabTomlGuardOrDataIsOutOfScope) {
  put(at("lab.toml"), "x");
  put(at("guard.sh"), "x");
  put(at("data/train.csv"), "x");
  EXPECT_EQ(violated(), (Paths{"data/train.csv", "guard.sh", "lab.toml"}));
}

TEST_F(CollectTest, ARemovedRenamedOrReplacedFrozenFileIsOutOfScope) {
  std::filesystem::remove(at("lab.toml"));
  std::filesystem::rename(at("guard.sh"), at("guard2.sh"));
  std::filesystem::remove(at("evaluate.py"));
  std::filesystem::create_directories(at("evaluate.py"));
  EXPECT_EQ(violated(), (Paths{"evaluate.py", "guard.sh", "guard2.sh", "lab.toml"}));
}

TEST_F(CollectTest, AFrozenPathWithinAnEditableFolderIsOutOfScope) {
  put(at("pipe/frozen.py"), "x");
  put(at("pipe/train.py"), "x");
  EXPECT_EQ(violated(), Paths{"pipe/frozen.py"});
}

TEST_F(CollectTest, ANewFileBesideTheEditableOnesIsOutOfScope) {
  put(at("sitecustomize.py"), "import os");
  put(at("data/extra/x"), "");
  EXPECT_EQ(violated(), (Paths{"data/extra/x", "sitecustomize.py"}));
}

TEST_F(CollectTest, AFrozenFileThatBecameExecutableIsOutOfScope) {
  ASSERT_EQ(::chmod(at("guard.sh").c_str(), 0755), 0);
  EXPECT_EQ(violated(), Paths{"guard.sh"});
}

TEST_F(CollectTest, AGitFolderAtTheRootIsWithoutEffect) {
  put(at(".git/hooks/pre-commit"), "#!/bin/sh\nrm -rf /");
  put(at(".git/config"), "[core]\n\tfsmonitor = evil");
  EXPECT_EQ(collect_all().tree, parent_);
}

TEST_F(CollectTest, ANestedRepositoryIsOutOfScope) {
  shell("cd " + at("pipe/sub") + " && git init -q");
  put(at("pipe/other/.git"), "gitdir: ../../../elsewhere");
  put(at("pipe/.GIT/config"), "");
  EXPECT_EQ(violated(), (Paths{"pipe/.GIT", "pipe/other/.git", "pipe/sub/.git"}));
}

TEST_F(CollectTest, GitFilesThatAreOnlyFilesAreOrdinary) {
  put(at("pipe/.gitignore"), "*\n");
  put(at("pipe/.gitattributes"), "* filter=evil\n");
  put(at("pipe/ignored"), "counts");
  EXPECT_EQ(changed(), (Paths{"pipe/.gitattributes", "pipe/.gitignore", "pipe/ignored"}));
}

TEST_F(CollectTest, LinksThatLeaveTheScopeAreOutOfScope) {
  for (const auto& [name, target] :
       std::vector<std::pair<std::string, std::string>>{{"absolute", "/etc/passwd"},
                                                        {"data", "../data/train.csv"},
                                                        {"evaluator", "../evaluate.py"},
                                                        {"frozen", "frozen.py"},
                                                        {"root", ".."},
                                                        {"up", "../../../../etc"},
                                                        {"winding", "sub/../../evaluate.py"}}) {
    std::filesystem::create_symlink(target, at("pipe/" + name));
  }
  EXPECT_EQ(violated(), (Paths{"pipe/absolute", "pipe/data", "pipe/evaluator", "pipe/frozen",
                               "pipe/root", "pipe/up", "pipe/winding"}));
}

TEST_F(CollectTest, ALinkWithinTheEditablePathsIsKeptAsALink) {
  std::filesystem::create_symlink("sub/helper.py", at("pipe/link"));
  const Collected collected = collect_all();
  EXPECT_EQ(collected.changed, Paths{"pipe/link"});
  EXPECT_EQ(cache_.file_at(collected.tree, "pipe/link").value(), "sub/helper.py");
}

TEST_F(CollectTest, AFrozenFileOrFolderReplacedByALinkIsOutOfScope) {
  std::filesystem::rename(at("evaluate.py"), at("pipe/evaluate.py"));
  std::filesystem::create_symlink("pipe/evaluate.py", at("evaluate.py"));
  std::filesystem::rename(at("data"), path("moved"));
  std::filesystem::create_directory_symlink(path("moved"), at("data"));
  EXPECT_EQ(violated(), (Paths{"data", "data/train.csv", "evaluate.py"}));
}

TEST_F(CollectTest, AnEditableFolderReplacedByALinkIsNotFollowed) {
  put(path("outside/secret"), "s");
  std::filesystem::remove_all(at("pipe/sub"));
  std::filesystem::create_directory_symlink(path("outside"), at("pipe/sub"));
  EXPECT_EQ(violated(), Paths{"pipe/sub"});
}

TEST_F(CollectTest, AWorkspaceThatIsALinkItselfIsNotEntered) {
  std::filesystem::rename(path("work"), path("real"));
  std::filesystem::create_directory_symlink(path("real"), path("work"));
  EXPECT_FALSE(collect(cache_, scope_, request()));
}

TEST_F(CollectTest, FifosAndSocketsAreOutOfScopeAndDoNotHangUs) {
  ASSERT_EQ(::mkfifo(at("pipe/fifo").c_str(), 0644), 0);
  make_socket(at("pipe/sub/socket"));
  ASSERT_EQ(::mkfifo(at("fifo").c_str(), 0644), 0);
  EXPECT_EQ(violated(), (Paths{"fifo", "pipe/fifo", "pipe/sub/socket"}));
}

TEST_F(CollectTest, DevicesAreOutOfScope) {
  if (::mknod(at("pipe/zero").c_str(), S_IFCHR | 0644U, makedev(1, 5)) != 0) {
    GTEST_SKIP() << "only root may make devices";
  }
  EXPECT_EQ(violated(), Paths{"pipe/zero"});
}

TEST_F(CollectTest, SetuidSetgidAndStickyFilesAreOutOfScope) {
  for (const auto& [name, mode] : std::vector<std::pair<std::string, mode_t>>{
           {"pipe/uid", 04755}, {"pipe/gid", 02755}, {"pipe/sticky", 01644}}) {
    put(at(name), "x");
    ASSERT_EQ(::chmod(at(name).c_str(), mode), 0);
  }
  EXPECT_EQ(violated(), (Paths{"pipe/gid", "pipe/sticky", "pipe/uid"}));
}

TEST_F(CollectTest, OtherModeBitsAreWithoutEffect) {
  ASSERT_EQ(::chmod(at("pipe/train.py").c_str(), 0600), 0);
  ASSERT_EQ(::chmod(at("evaluate.py").c_str(), 0666), 0);
  ASSERT_EQ(::chmod(at("pipe/sub").c_str(), 0700), 0);
  ASSERT_EQ(::chmod(at("pipe/tool").c_str(), 0651), 0);  // executable, but not for the owner
  EXPECT_EQ(collect_all().tree, parent_);
}

TEST_F(CollectTest, FilesAndFoldersWithoutAnyRightAreReadAllTheSame) {
  put(at("pipe/secret"), "locked");
  ASSERT_EQ(::chmod(at("pipe/secret").c_str(), 0), 0);
  ASSERT_EQ(::chmod(at("pipe/sub").c_str(), 0), 0);
  ASSERT_EQ(::chmod(at("evaluate.py").c_str(), 0), 0);
  const Collected collected = collect_all();
  EXPECT_EQ(collected.violations, std::vector<Violation>{});
  EXPECT_EQ(collected.changed, Paths{"pipe/secret"});
  EXPECT_EQ(cache_.file_at(collected.tree, "pipe/secret").value(), "locked");
}

TEST_F(CollectTest, AFileOverTheLimitIsOutOfScopeWithItsSize) {
  limits_.max_file_bytes = 1000;
  put(at("pipe/large"), std::string(1001, 'x'));
  put(at("pipe/fits"), std::string(1000, 'x'));
  const Collected collected = collect_all();
  ASSERT_EQ(collected.violations.size(), 1U);
  EXPECT_EQ(collected.violations[0],
            (Violation{"pipe/large", "has 1001 bytes, expected at most 1000"}));
}

TEST_F(CollectTest, ASparseFileOfATerabyteIsNotRead) {
  put(at("pipe/sparse"), "x");
  ASSERT_EQ(::truncate(at("pipe/sparse").c_str(), 1LL << 40), 0);
  put(at("evaluate.py"), "x");
  ASSERT_EQ(::truncate(at("evaluate.py").c_str(), 1LL << 40), 0);
  EXPECT_EQ(violated(), (Paths{"evaluate.py", "pipe/sparse"}));
}

TEST_F(CollectTest, AFileOverTheLimitThatTheParentHasMayStay) {
  limits_.max_file_bytes = 3;
  EXPECT_EQ(collect_all().tree, parent_);
  put(at("pipe/train.py"), "TRAIN");  // as long as before
  EXPECT_EQ(violated(), Paths{"pipe/train.py"});
}

TEST_F(CollectTest, AllChangedFilesTogetherAreLimited) {
  limits_.max_total_bytes = 1000;
  put(at("pipe/a"), std::string(600, 'a'));
  put(at("pipe/b"), std::string(600, 'b'));
  EXPECT_EQ(violated().size(), 1U);
}

TEST_F(CollectTest, AHugeNumberOfFilesEndsTheWalk) {
  limits_.max_files = 50;
  for (int i = 0; i < 500; ++i) put(at("pipe/many/" + std::to_string(i)), "");
  const Collected collected = collect_all();
  ASSERT_EQ(collected.violations.size(), 1U);
  EXPECT_EQ(collected.violations[0].why, "more than 50 files and folders in the workspace");
}

TEST_F(CollectTest, TheListOfViolationsHasALimit) {
  for (int i = 0; i < 500; ++i) put(at("outside/" + std::to_string(i)), "");
  EXPECT_EQ(violated().size(), kMaxViolations);
}

TEST_F(CollectTest, NamesThatAreNotUtf8OrHaveControlCharactersAreOutOfScopeInEscapes) {
  put(at("pipe/\xff\xfe"), "");
  put(at("pipe/a\nb"), "");
  put(at("pipe/\x1b[2J"), "");
  put(at("pipe/na\u00efve"), "fits");
  EXPECT_EQ(violated(), (Paths{"pipe/\\x1b[2J", "pipe/\\xff\\xfe", "pipe/a\\x0ab"}));
}

TEST_F(CollectTest, ANameThatTheParentHasIsNotTheAgentsFault) {
  parent_ = cache_.replace_paths(parent_, {{"data/\xff", leaf("odd")}, {"pipe/\xfe", leaf("odd")}})
                .value();
  check_out_again();
  EXPECT_EQ(collect_all().tree, parent_);
  put(at("pipe/train.py"), "x");
  EXPECT_EQ(changed(), Paths{"pipe/train.py"});
}

TEST_F(CollectTest, FoldersDeeperThanTheLimitAreOutOfScope) {
  std::string deep = at("pipe");
  for (int i = 0; i < 200; ++i) deep += "/d";
  put(deep + "/f", "");
  EXPECT_EQ(violated().size(), 1U);
  std::filesystem::remove_all(at("pipe/d"));
  std::string within = "pipe";
  for (int i = 0; i < 100; ++i) within += "/d";
  put(at(within + "/f"), "");
  EXPECT_EQ(changed(), Paths{within + "/f"});
}

TEST_F(CollectTest, APathThatOtherToolsCouldNotTakeIsOutOfScope) {
  std::string longer = at("pipe");
  for (int i = 0; i < 6; ++i) longer += "/" + std::string(200, static_cast<char>('a' + i));
  put(longer + "/f", "");
  EXPECT_EQ(violated().size(), 1U);
}

TEST_F(CollectTest, AHardLinkToAFileOutsideTheWorkspaceIsOutOfScope) {
  put(path("outside"), "secret");
  ASSERT_EQ(::link(path("outside").c_str(), at("pipe/linked").c_str()), 0);
  EXPECT_EQ(violated(), Paths{"pipe/linked"});
}

TEST_F(CollectTest, HardLinksWithinTheWorkspaceAreFilesOfTheirOwn) {
  put(at("pipe/one"), "same");
  ASSERT_EQ(::link(at("pipe/one").c_str(), at("pipe/two").c_str()), 0);
  ASSERT_EQ(::link(at("evaluate.py").c_str(), at("pipe/copy.py").c_str()), 0);
  EXPECT_EQ(changed(), (Paths{"pipe/copy.py", "pipe/one", "pipe/two"}));
}

TEST_F(CollectTest, AFrozenFileWrittenThroughAHardLinkIsOutOfScope) {
  ASSERT_EQ(::link(at("evaluate.py").c_str(), at("pipe/copy.py").c_str()), 0);
  put(at("pipe/copy.py"), "score = 0");
  EXPECT_EQ(violated(), Paths{"evaluate.py"});
}

TEST_F(CollectTest, EmptyFoldersAreWithoutEffect) {
  std::filesystem::create_directories(at("new/empty"));
  std::filesystem::create_directories(at("pipe/empty"));
  EXPECT_EQ(collect_all().tree, parent_);
}

TEST_F(CollectTest, PythonsByteCodeIsWithoutEffectWhereverItLies) {
  put(at("__pycache__/evaluate.cpython-311.pyc"), "x");
  put(at("pipe/__pycache__/train.cpython-311.pyc"), "x");
  std::filesystem::create_symlink("/etc", at("pipe/sub/__pycache__"));
  EXPECT_EQ(collect_all().tree, parent_);
}

TEST_F(CollectTest, ByteCodeThatTheParentHasIsAFileAsAnother) {
  parent_ = cache_.replace_paths(parent_, {{"data/__pycache__/x.pyc", leaf("1")}}).value();
  check_out_again();
  put(at("data/__pycache__/new.pyc"), "new ones are not taken, nor do they count");
  put(at("data/__pycache__/x.pyc"), "2");
  EXPECT_EQ(violated(), Paths{"data/__pycache__/x.pyc"});
}

TEST_F(CollectTest, ASubmoduleOfTheParentIsAnEmptyFolderAndStays) {
  const ObjectId commit = *ObjectId::from_hex(std::string(40, '7'));
  parent_ = cache_
                .replace_paths(parent_, {{"vendor", git::Leaf{git::FileMode::submodule, commit}},
                                         {"pipe/m", git::Leaf{git::FileMode::submodule, commit}}})
                .value();
  check_out_again();
  EXPECT_EQ(collect_all().tree, parent_);
  std::filesystem::remove(at("vendor"));
  std::filesystem::remove(at("pipe/m"));
  EXPECT_EQ(collect_all().tree, parent_);
  put(at("vendor/f"), "");
  EXPECT_EQ(violated(), Paths{"vendor/f"});
}

TEST_F(CollectTest, PathsThatWePutThereOurselvesAreNotLookedAt) {
  put(at("ours/brief.md"), "b");
  put(at("oursnot"), "n");
  CollectRequest asked = request();
  asked.ignored = {"ours"};
  const Collected collected = collect(cache_, scope_, asked).value();
  ASSERT_EQ(collected.violations.size(), 1U);
  EXPECT_EQ(collected.violations[0].path, "oursnot");
}

TEST_F(CollectTest, NothingIsStoredForACandidateThatIsOutOfScope) {
  put(at("0"), "sorts first, so is likely met first");
  put(at("pipe/train.py"), "never stored before");
  EXPECT_TRUE(collect_all().tree.is_zero());
}

}  // namespace
}  // namespace swarmlab::worker
