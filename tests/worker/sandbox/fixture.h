// Sandboxes for tests: short scripts in, results out.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <sstream>
#include <string>

#include "worker/sandbox/bubblewrap.h"
#include "worker/sandbox/cgroup.h"
#include "worker/sandbox/engine.h"
#include "worker/sandbox/sandbox.h"

namespace swarmlab::sandbox {

// A folder on the host that is gone when the test is.
class Folder {
 public:
  Folder() {
    std::string path = testing::TempDir() + "/sandbox-test-XXXXXX";
    if (::mkdtemp(path.data()) != nullptr) path_ = path;
    std::filesystem::permissions(path, std::filesystem::perms(0755));  // as checkouts have it
    EXPECT_FALSE(path_.empty());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  Folder(Folder&&) = delete;
  Folder& operator=(Folder&&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ + "/" + name) << text;
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream file(path_ + "/" + name);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  [[nodiscard]] Mount at(std::string inside, Mount::Kind kind = Mount::Kind::read_write) const {
    return {.kind = kind, .host = path_, .inside = std::move(inside)};
  }
  [[nodiscard]] bool has(const std::string& name) const {
    return std::filesystem::exists(path_ + "/" + name);
  }

 private:
  std::string path_;
};

// The driver that the same tests are run on: SWARMLAB_TEST_SANDBOX names another.
inline std::string driver_under_test() {
  const char* const named = std::getenv("SWARMLAB_TEST_SANDBOX");
  return named == nullptr ? "bubblewrap" : named;
}

// Containers have what their engine gives to all of them: a /sys to read, masks over parts of
// /proc.
inline bool in_container() {
  return driver_under_test() != "bubblewrap";
}

// Whether control groups of the engine bound its containers: none do where an ordinary user's
// podman finds version 1.
inline bool engine_holds_limits() {
  const auto engine = driver_under_test() == "docker" ? find_docker() : find_podman();
  return engine && engine->holds.memory;
}

// Who the agent is inside. Only in containers of docker an ordinary user stays who he is.
inline unsigned agent_id() {
  constexpr unsigned kAgent = 1000;
  return driver_under_test() == "docker" && ::geteuid() != 0 ? ::geteuid() : kAgent;
}

// gVisor's kernel is another: it has fewer files in /proc, and other words for some errors.
inline bool in_gvisor() {
  return driver_under_test() == "runsc";
}

// How often as long as elsewhere things may take, as each system call does.
inline int patience() {
  return in_gvisor() ? 5 : 1;
}

inline Result<std::unique_ptr<Sandbox>> make_driver(const SandboxOptions& options = {}) {
  const std::string driver = driver_under_test();
  if (driver == "docker") return make_docker(options);
  if (driver == "podman") return make_podman(options);
  if (driver == "runsc") return make_runsc(options);
  if (driver == "bubblewrap") return make_bubblewrap(options);
  return fail(ErrorCode::invalid_input, "SWARMLAB_TEST_SANDBOX={}", driver);
}

// Tells another thread that the command has written something.
class Started {
 public:
  explicit Started(SandboxRequest& request) {
    request.hear = [this](bool /*is_err*/, std::string_view /*bytes*/) {
      if (!told_.exchange(true)) said_.set_value();
    };
  }
  void wait() { said_.get_future().wait(); }

 private:
  std::promise<void> said_;
  std::atomic<bool> told_{false};
};

class SandboxTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto made = make_driver();
    ASSERT_TRUE(made.has_value()) << made.error().message;
    shared() = std::move(*made);
  }
  static void TearDownTestSuite() { shared().reset(); }

  static std::unique_ptr<Sandbox>& shared() {
    static std::unique_ptr<Sandbox> sandbox;
    return sandbox;
  }

  // Limits that no test reaches by accident, and that spare the machine when one does.
  static SandboxRequest request_for(std::string script) {
    SandboxRequest request;
    request.command = std::move(script);
    request.limits.memory_bytes = 256ULL << 20U;
    request.limits.processes = 64;
    request.limits.file_bytes = 64ULL << 20U;
    request.limits.disk_bytes = 256ULL << 20U;
    request.limits.output_bytes = 64ULL << 10U;
    request.timeout = std::chrono::seconds(30) * patience();
    request.tmp_bytes = 32ULL << 20U;
    return request;
  }
  static SandboxRequest python(const std::string& script) {
    SandboxRequest request = request_for("exec python3 -c");
    request.args = {script};
    return request;
  }

  static SandboxResult run(const SandboxRequest& request, const CancelToken& cancel = {}) {
    auto result = shared()->run(request, cancel);
    EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().message);
    return result ? std::move(*result) : SandboxResult();
  }
  static SandboxResult run(const std::string& script) { return run(request_for(script)); }

  // What the script printed; it must succeed.
  static std::string output_of(const SandboxRequest& request) {
    const SandboxResult result = run(request);
    EXPECT_TRUE(result.succeeded()) << describe(result) << "\n" << result.err;
    return result.out;
  }
  static std::string output_of(const std::string& script) { return output_of(request_for(script)); }
};

// The same without any cgroup, as on machines that let us make none.
class EitherWay : public SandboxTest, public testing::WithParamInterface<bool> {
 protected:
  void SetUp() override {
    if (driver_under_test() != "bubblewrap") {
      static const bool kHolds = engine_holds_limits();
      if (GetParam() != kHolds) GTEST_SKIP() << "control groups are the engine's";
      sandbox_ = made_once();
      ASSERT_NE(sandbox_, nullptr);
      return;
    }
    auto parts = prepare_bubblewrap({});
    ASSERT_TRUE(parts.has_value()) << parts.error().message;
    if (GetParam() && parts->cgroups.version == 0) GTEST_SKIP() << "no cgroup can be made here";
    if (!GetParam()) parts->cgroups = {};
    sandbox_ = std::make_shared<Bubblewrap>(std::move(*parts));
  }

  SandboxResult run(const SandboxRequest& request, const CancelToken& cancel = {}) const {
    auto result = sandbox_->run(request, cancel);
    EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().message);
    return result ? std::move(*result) : SandboxResult();
  }

 private:
  static std::shared_ptr<Sandbox> made_once() {
    static const std::shared_ptr<Sandbox> made = [] {
      auto driver = make_driver();
      EXPECT_TRUE(driver.has_value()) << driver.error().message;
      return std::shared_ptr<Sandbox>(driver ? std::move(*driver) : nullptr);
    }();
    return made;
  }

  std::shared_ptr<Sandbox> sandbox_;
};

inline std::string cgroups_or_not(const testing::TestParamInfo<bool>& info) {
  return info.param ? "WithCgroups" : "WithoutCgroups";
}

// Whether any process of the host has this word in its command line.
inline bool is_running(const std::string& word) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "cmdline");
    std::ostringstream text;
    text << file.rdbuf();
    if (text.str().find(word) != std::string::npos) return true;
  }
  return false;
}

}  // namespace swarmlab::sandbox
