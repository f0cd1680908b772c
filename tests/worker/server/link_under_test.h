// A link, and the coordinator that it talks to.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/worker/server/scripted_coordinator.h"
#include "worker/server/link.h"

namespace swarmlab::worker {

using Kind = ScriptedCoordinator::Kind;
using Asked = ScriptedCoordinator::Asked;
using Reply = ScriptedCoordinator::Reply;

inline constexpr std::size_t kChunk = schema::CHUNK_BYTES;

class LinkTest : public testing::Test {
 protected:
  std::unique_ptr<Link> connect(std::function<void()> on_drain = {}) {
    auto link = Link::connect({.address = folder.address(),
                               .name = "w",
                               .host_class = "epyc",
                               .version = "1.0",
                               .slots = 2,
                               .on_drain = std::move(on_drain)},
                              holdings);
    if (!link) throw std::runtime_error(link.error().message);
    return std::move(*link);
  }
  static CancelSource source() {
    auto made = CancelSource::make();
    if (!made) throw std::runtime_error(made.error().message);
    return *made;
  }
  static Assignment task(std::uint64_t number) {
    Assignment assignment;
    assignment.task = TaskId(number);
    assignment.token = FencingToken(10 * number);
    return assignment;
  }
  static std::string noise(std::size_t size) {
    std::string bytes(size, '\0');
    std::uint32_t state = 1;
    for (char& byte : bytes) {
      state = state * 1664525U + 1013904223U;
      byte = static_cast<char>(state >> 24U);
    }
    return bytes;
  }
  static SpooledReport report_with(std::string pack) {
    SpooledReport report;
    report.report.task = TaskId(1);
    report.report.token = FencingToken(10);
    report.report.outcome = Outcome::crash;
    report.pack = std::move(pack);
    return report;
  }
  // Delivers; the report must be counted.
  void deliver(Link& link, const SpooledReport& report) const {
    const auto answer = link.work({.report = &report, .ask = false, .slot = 0}, never);
    ASSERT_TRUE(answer) << answer.error().message;
    ASSERT_TRUE(answer->report);
    EXPECT_EQ(answer->report->kind, ReportAnswer::Kind::counted);
  }
  [[nodiscard]] Result<std::string> fetch(Link& link) const {
    const ObjectId wanted[] = {ObjectId{}};
    const auto path = link.fetch(
        {.lab = LabId(1), .wanted = wanted, .had = {}, .folder = folder.path("incoming")}, never);
    if (!path) return tl::unexpected(path.error());
    return read_file(*path, 1U << 30U);
  }

  LinkFolder folder;
  ScriptedCoordinator coordinator{folder.address()};
  Holdings holdings;
  CancelToken never;
};

}  // namespace swarmlab::worker
