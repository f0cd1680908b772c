// Evaluations for tests: files of a candidate in, what the evaluator made of it out. Everything
// runs in the real sandbox.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "common/lab/lab.h"
#include "common/os/file.h"
#include "worker/evaluator/evaluation.h"
#include "worker/evaluator/shim.h"
#include "worker/sandbox/sandbox.h"

namespace swarmlab::worker {

class EvaluatorTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto made = sandbox::make_bubblewrap({});
    if (made) {
      shared() = std::move(*made);
    } else {
      problem() = made.error().message;
    }
  }
  static void TearDownTestSuite() { shared().reset(); }

  void SetUp() override {
    if (!shared()) GTEST_SKIP() << "no bubblewrap here: " << problem();
    auto made = TempFolder::create(testing::TempDir(), "evaluator-test");
    ASSERT_TRUE(made) << made.error().message;
    folder_ = std::make_unique<TempFolder>(std::move(*made));
    for (const char* name : {"checkout/pipeline", "scratch", "shim"}) {
      std::filesystem::create_directories(folder_->path() + "/" + name);
    }
    ASSERT_TRUE(write_shim(path("shim")));
  }

  [[nodiscard]] std::string path(const std::string& name) const {
    return folder_->path() + "/" + name;
  }
  void write(const std::string& name, const std::string& text) const {
    const std::filesystem::path file = path("checkout/" + name);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  [[nodiscard]] EvaluationPaths paths() const {
    return {path("checkout"), path("scratch"), path("shim")};
  }

  static LabSettings settings_of(const std::string& lab_toml, const std::string& folder = "") {
    auto settings = read_lab(lab_toml, folder);
    EXPECT_TRUE(settings) << settings.error().message;
    if (!settings) return {};
    settings->limits.memory_bytes = 512ULL << 20U;
    settings->limits.processes = 64;
    settings->limits.disk_bytes = 64ULL << 20U;
    return std::move(*settings);
  }

  static sandbox::SandboxResult run(const sandbox::SandboxRequest& request,
                                    const CancelToken& cancel = {}) {
    auto result = shared()->run(request, cancel);
    EXPECT_TRUE(result) << result.error().message;
    return result ? std::move(*result) : sandbox::SandboxResult{};
  }
  [[nodiscard]] Evaluation evaluate(
      const LabSettings& settings,
      const std::optional<std::vector<std::string>>& samples = std::nullopt) const {
    const auto request = prepare_evaluation(settings, paths(), samples);
    EXPECT_TRUE(request) << request.error().message;
    return read_evaluation(settings, run(*request));
  }

  // \pre  it is of that kind; else the test fails, and says what it was
  static Scored scored(const Evaluation& evaluation) {
    if (const auto* failed = std::get_if<Failed>(&evaluation)) {
      ADD_FAILURE() << "failed: " << failed->reason;
      return {};
    }
    return std::get<Scored>(evaluation);
  }
  static Failed failed(const Evaluation& evaluation) {
    if (const auto* scored = std::get_if<Scored>(&evaluation)) {
      ADD_FAILURE() << "scored " << scored->score;
      return {Outcome::measured, ""};
    }
    return std::get<Failed>(evaluation);
  }

 private:
  static std::unique_ptr<sandbox::Sandbox>& shared() {
    static std::unique_ptr<sandbox::Sandbox> sandbox;
    return sandbox;
  }
  static std::string& problem() {
    static std::string text;
    return text;
  }
  std::unique_ptr<TempFolder> folder_;
};

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace swarmlab::worker
