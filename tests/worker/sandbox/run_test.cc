// What an honest command gets from a sandbox.
#include <sys/stat.h>

#include <thread>
#include <vector>

#include "tests/worker/sandbox/fixture.h"

namespace swarmlab::sandbox {
namespace {

using SandboxRun = SandboxTest;

TEST_F(SandboxRun, GivesExitCodeAndBothOutputsApart) {
  const SandboxResult result = run("echo out; echo err >&2; exit 3");
  EXPECT_EQ(result.how, HowEnded::exited);
  EXPECT_EQ(result.code, 3);
  EXPECT_EQ(result.out, "out\n");
  EXPECT_EQ(result.err, "err\n");
  EXPECT_FALSE(result.succeeded());
}

TEST_F(SandboxRun, TellsTheSignal) {
  const SandboxResult result = run("kill -SEGV $$");
  EXPECT_EQ(result.how, HowEnded::signaled);
  EXPECT_EQ(result.code, 11);
  EXPECT_EQ(describe(result), "killed by signal 11");
}

TEST_F(SandboxRun, IsTheAgentAndNotRoot) {
  EXPECT_EQ(output_of("id -un; id -u; id -g; hostname; echo ~"),
            fmt::format("agent\n{0}\n{0}\nswarmlab\n/home/agent\n", agent_id()));
}

TEST_F(SandboxRun, HasNoCapabilitiesAndGetsNoNewPrivileges) {
  EXPECT_EQ(output_of("grep -E '^(CapPrm|CapEff|CapBnd)' /proc/self/status"),
            "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n"
            "CapBnd:\t0000000000000000\n");
  EXPECT_EQ(output_of(python("import ctypes; print(ctypes.CDLL(None).prctl(39, 0, 0, 0, 0))")),
            "1\n");  // PR_GET_NO_NEW_PRIVS
}

TEST_F(SandboxRun, PassesArgumentsAsWholeWords) {
  SandboxRequest request = request_for("printf '[%s]'");
  request.args = {"two words", "$(id)", "'\"", "", "*"};
  EXPECT_EQ(output_of(request), "[two words][$(id)]['\"][][*]");
}

TEST_F(SandboxRun, ReadsItsInput) {
  SandboxRequest request = request_for("cat | wc -c; cat; echo end");
  request.in = std::string(100'000, 'x');
  EXPECT_EQ(output_of(request), "100000\nend\n");
}

TEST_F(SandboxRun, HasAnEmptyInputUnlessOneIsGiven) {
  EXPECT_EQ(output_of("wc -c"), "0\n");
}

TEST_F(SandboxRun, StartsInItsFolderAndSeesItsMounts) {
  const Folder host;
  host.write("seen", "hello");
  SandboxRequest request = request_for("pwd; cat seen; echo made > /out/made; ls /empty | wc -l");
  request.mounts = {{.host = host.path(), .inside = "/workspace"},
                    {.kind = Mount::Kind::read_write, .host = host.path(), .inside = "/out"},
                    {.kind = Mount::Kind::empty, .inside = "/empty", .bytes = 1U << 20U}};
  request.folder = "/workspace";
  EXPECT_EQ(output_of(request), "/workspace\nhello0\n");
  EXPECT_EQ(host.read("made"), "made\n");
}

TEST_F(SandboxRun, CanWriteToOneFolderInAReadOnlyOne) {
  const Folder host;
  std::filesystem::create_directory(host / "editable");
  SandboxRequest request = request_for("touch editable/a && ! touch b 2>/dev/null");
  request.mounts = {{.host = host.path(), .inside = "/workspace"},
                    {.kind = Mount::Kind::read_write,
                     .host = host / "editable",
                     .inside = "/workspace/editable"}};
  request.folder = "/workspace";
  EXPECT_TRUE(run(request).succeeded());
  EXPECT_TRUE(host.has("editable/a"));
  EXPECT_FALSE(host.has("b"));
}

TEST_F(SandboxRun, WritesToItsTemporaryFolders) {
  EXPECT_TRUE(run("for d in /tmp /home/agent /dev/shm /var/tmp \"$TMPDIR\"; do "
                  "echo x > $d/file || exit 1; done")
                  .succeeded());
}

TEST_F(SandboxRun, WritesItsResultToAChannelOfItsOwn) {
  SandboxRequest request = python("import os\nos.write(3, b'{\"score\": 1}')");
  request.result_channel = true;
  const SandboxResult result = run(request);
  EXPECT_EQ(result.result, "{\"score\": 1}");
  EXPECT_FALSE(result.result_truncated);
}

TEST_F(SandboxRun, KeepsNoMoreOfTheResultThanAsked) {
  SandboxRequest request = request_for("head -c 1000000 /dev/zero >&3");
  request.result_channel = true;
  request.result_bytes = 1000;
  const SandboxResult result = run(request);
  EXPECT_EQ(result.result.size(), 1000U);
  EXPECT_TRUE(result.result_truncated);
}

TEST_F(SandboxRun, SealedOutputIsOnlyForThoseWhoWereGivenIt) {
  SandboxRequest request = request_for(
      "echo mine\n"
      "(sh -c \"echo forged > /proc/$$/fd/1; echo forged > /proc/1/fd/1\") > /dev/null 2>&1\n"
      "echo shown > /dev/stderr");
  EXPECT_NE(run(request).out, "mine\n") << "otherwise this test tests nothing";
  request.sealed_output = true;
  const SandboxResult result = run(request);
  EXPECT_EQ(result.out, "mine\n");
  EXPECT_EQ(result.err, "shown\n");
}

TEST_F(SandboxRun, GivesNoOtherDescriptors) {
  EXPECT_EQ(output_of("find /proc/$$/fd -mindepth 1 -printf '%f\\n' | sort"), "0\n1\n2\n");
}

TEST_F(SandboxRun, SetsExactlyItsEnvironment) {
  ::setenv("SWARMLAB_TEST_CANARY", "secret", 1);
  SandboxRequest request = request_for("env -u PWD -u OLDPWD -u SHLVL -u _ | sort");
  request.env = {{"SWARMLAB_LAB", "my lab"}, {"LANG", "C"}};
  EXPECT_EQ(output_of(request),
            "HOME=/home/agent\nLANG=C\nPATH=/usr/local/bin:/usr/bin:/bin\nSWARMLAB_LAB=my lab\n"
            "TMPDIR=/tmp\n");
}

TEST_F(SandboxRun, MeasuresTimeAndMemory) {
  const SandboxResult result =
      run(python("x = bytearray(50_000_000)\nfor i in range(0, len(x), 4096): x[i] = 1\n"
                 "n = 0\nwhile n < 2_000_000: n += 1"));
  EXPECT_GT(result.took.count(), 0);
  const CgroupAbilities cgroups = find_cgroups();
  const bool told = in_container() ? engine_holds_limits() : !cgroups.accounting.empty();
  if (told)
    EXPECT_GT(result.cpu_time.count(), 10'000);
  else
    EXPECT_EQ(result.cpu_time.count(), 0);  // better unknown than wrong
  EXPECT_LT(result.cpu_time, std::chrono::seconds(120));
  const bool counted = in_container() ? engine_holds_limits() : !cgroups.memory.empty();
  if (!counted) GTEST_SKIP() << "no memory cgroup here";
  ASSERT_TRUE(result.peak_memory_bytes.has_value());
  EXPECT_GT(*result.peak_memory_bytes, 50'000'000U);
}

TEST_F(SandboxRun, IsCancelledFromAnotherThread) {
  const auto source = CancelSource::make();
  ASSERT_TRUE(source.has_value());
  SandboxRequest request = request_for("echo started; sleep 100");
  Started started(request);
  std::thread other([&] {
    started.wait();
    source->cancel();
  });
  const SandboxResult result = run(request, source->token());
  other.join();
  EXPECT_EQ(result.how, HowEnded::cancelled);
  EXPECT_LT(result.took, std::chrono::seconds(20));
}

TEST_F(SandboxRun, IsOverAtOnceWhenItWasCancelledBefore) {
  const auto source = CancelSource::make();
  ASSERT_TRUE(source.has_value());
  source->cancel();
  EXPECT_EQ(run(request_for("sleep 100"), source->token()).how, HowEnded::cancelled);
}

TEST_F(SandboxRun, GoesOnManyTimesAtOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([i] {
      for (int j = 0; j < 5; ++j)
        EXPECT_EQ(output_of(fmt::format("echo {}-{}", i, j)), fmt::format("{}-{}\n", i, j));
    });
  for (std::thread& thread : threads) thread.join();
}

TEST_F(SandboxRun, ExposesMorePathsAndTheirPrograms) {
  const Folder host;
  std::filesystem::create_directory(host / "bin");
  host.write("bin/hello", "#!/bin/sh\necho hello\n");
  std::filesystem::permissions(host / "bin/hello", std::filesystem::perms(0755));
  auto made = make_driver({.expose = {host.path()}});
  ASSERT_TRUE(made.has_value()) << made.error().message;
  const auto result = (*made)->run(request_for("hello"), CancelToken());
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->out, "hello\n");
}

TEST_F(SandboxRun, RefusesToExposeWhatIsNotThere) {
  const auto made = make_driver({.expose = {"/no/such/path"}});
  ASSERT_FALSE(made.has_value());
  EXPECT_TRUE(made.error().message.ends_with("--expose /no/such/path: there is no such path"));
}

TEST_F(SandboxRun, RefusesMountsThatMakeNoSense) {
  SandboxRequest request = request_for("true");
  request.mounts = {{.host = "/no/such/path", .inside = "/workspace"}};
  auto result = shared()->run(request, CancelToken());
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::invalid_input);
  request.mounts = {{.host = "/usr", .inside = "/a/../etc"}};
  result = shared()->run(request, CancelToken());
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::invalid_input);
}

TEST_F(SandboxRun, SaysWhyASandboxDoesNotStart) {
  SandboxRequest request = request_for("true");
  request.folder = "/no/such/folder";
  const auto result = shared()->run(request, CancelToken());
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::unavailable);
  EXPECT_NE(result.error().message.find("/no/such/folder"), std::string::npos);
}

TEST_F(SandboxRun, LeavesNoCgroupBehind) {
  const CgroupAbilities cgroups = find_cgroups();
  if (cgroups.version == 0) GTEST_SKIP() << "no cgroup can be made here";
  run("true");
  const std::string& folder = cgroups.memory.empty() ? cgroups.processes : cgroups.memory;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    EXPECT_EQ(entry.path().string().find(fmt::format("-{}-", ::getpid())), std::string::npos)
        << entry.path();
}

}  // namespace
}  // namespace swarmlab::sandbox
