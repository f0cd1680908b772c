// Runs that are held still and let go again.
#include "worker/sandbox/reins.h"

#include <thread>

#include "common/os/clock.h"
#include "tests/worker/sandbox/fixture.h"

namespace swarmlab::sandbox {
namespace {

class Held : public EitherWay {
 protected:
  void TearDown() override { end(); }

  // What it writes to `tick` is how far it came.
  void start(const std::string& script) {
    reins = Reins::make().value();
    request = request_for("cd /f; " + script);
    request.mounts = {folder.at("/f")};
    request.reins = reins;
    request.hear = [this](bool is_err, std::string_view bytes) {
      (is_err ? err : out).append(bytes);
    };
    thread = std::thread([this] {
      result = run(request, kill.token());
      reins->end();
    });
    ASSERT_TRUE(eventually([this] { return !folder.read("tick").empty(); }));
  }
  void end() {
    kill.cancel();
    if (thread.joinable()) thread.join();
  }
  static bool eventually(const std::function<bool()>& condition) {
    const Deadline deadline = Deadline::after(Milliseconds(60'000));
    while (!condition()) {
      if (deadline.expired()) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }
  /// Whether it does anything within a while.
  bool stands() {
    const std::string before = folder.read("tick");
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    return folder.read("tick") == before;
  }
  bool goes_on() {
    const std::string before = folder.read("tick");
    return eventually([&] { return folder.read("tick") != before; });
  }

  Folder folder;
  std::shared_ptr<Reins> reins;
  SandboxRequest request;
  CancelSource kill = CancelSource::make().value();
  std::thread thread;
  SandboxResult result;
  std::string out;
  std::string err;
};

// Two of them, forking all the time, one in a session of its own and without a parent.
constexpr const char* kBusy =
    "(setsid sh -c 'while :; do (echo x >> tick); done' &) ; while :; do /bin/true; done";

TEST_P(Held, StandStillWithAllThatTheyStarted) {
  start(kBusy);
  for (int round = 0; round < 3; ++round) {
    const auto held = reins->hold();
    ASSERT_TRUE(held) << held.error().message;
    EXPECT_TRUE(stands());
    ASSERT_TRUE(reins->let_go());
    EXPECT_TRUE(goes_on());
  }
}

TEST_P(Held, StandStillWithAllTheirThreads) {
  start(
      "exec python3 -c \"\n"
      "import threading\n"
      "def work():\n"
      "    while True: open('tick', 'a').write('x')\n"
      "for _ in range(3): threading.Thread(target=work).start()\n"
      "\"");
  ASSERT_TRUE(reins->hold());
  EXPECT_TRUE(stands());
  ASSERT_TRUE(reins->let_go());
  EXPECT_TRUE(goes_on());
}

TEST_P(Held, WereHeardBefore) {
  start("echo said; echo so >&2; echo x > tick; exec sleep 100");
  ASSERT_TRUE(reins->hold());
  EXPECT_EQ(out, "said\n");
  EXPECT_EQ(err, "so\n");
}

TEST_P(Held, CanBeKilled) {
  start(kBusy);
  ASSERT_TRUE(reins->hold());
  end();
  EXPECT_EQ(result.how, HowEnded::cancelled);
  EXPECT_FALSE(reins->hold()) << "there is nobody any more";
  EXPECT_TRUE(stands());
}

TEST_P(Held, EndAsTheyWouldHave) {
  start("echo x > tick; while ! test -e stop; do sleep 0.01; done; exit 3");
  ASSERT_TRUE(reins->hold());
  folder.write("stop", "");
  ASSERT_TRUE(reins->let_go());
  thread.join();
  EXPECT_EQ(result.how, HowEnded::exited);
  EXPECT_EQ(result.code, 3);
}

INSTANTIATE_TEST_SUITE_P(Reins, Held, testing::Bool());

}  // namespace
}  // namespace swarmlab::sandbox
