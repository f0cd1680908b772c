// `swarmlab mcp`: messages in, answers out, and what a client may not do.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/commands.h"
#include "cli/mcp_session.h"

namespace swarmlab::cli {
namespace {

using nlohmann::json;
using Words = std::vector<std::string>;

class Mcp : public testing::Test {
 protected:
  std::vector<Words> ran_;
  ToolResult next_{.text = "done", .failed = false};

  [[nodiscard]] McpSession session(std::vector<McpTool> tools) {
    return McpSession(std::move(tools), [this](const McpTool& tool, const json& arguments) {
      ran_.push_back(tool.command(arguments));
      return next_;
    });
  }
  json answer(const McpSession& session, const std::string& line) {
    const auto text = session.answer(line);
    return text ? json::parse(*text) : json();
  }
  json call(const McpSession& session, const char* tool, const json& arguments) {
    return answer(session, json{{"jsonrpc", "2.0"},
                                {"id", 7},
                                {"method", "tools/call"},
                                {"params", {{"name", tool}, {"arguments", arguments}}}}
                               .dump());
  }
};

TEST_F(Mcp, GreetsAClientInItsOwnRevisionOrElseTheNewest) {
  const McpSession all = session(tools_for_people(""));
  const auto greet = [&](const std::string& revision) {
    return answer(all,
                  R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":")" +
                      revision + R"("}})");
  };
  EXPECT_EQ(greet("2024-11-05")["result"]["protocolVersion"], "2024-11-05");
  EXPECT_EQ(greet("1999-01-01")["result"]["protocolVersion"], "2025-06-18");
  EXPECT_EQ(greet("2025-03-26")["result"]["serverInfo"]["name"], "swarmlab");
  EXPECT_FALSE(all.answer(R"({"jsonrpc":"2.0","method":"notifications/initialized"})"));
}

TEST_F(Mcp, ListsItsToolsWithWhatTheyTake) {
  const json tools =
      answer(session(tools_for_people("")), R"({"jsonrpc":"2.0","id":"a","method":"tools/list"})");
  EXPECT_EQ(tools["id"], "a");
  for (const json& tool : tools["result"]["tools"]) {
    EXPECT_EQ(tool["inputSchema"]["type"], "object");
    if (tool["name"] != "experiment") continue;
    EXPECT_EQ(tool["inputSchema"]["required"], json({"number"}));
  }
}

TEST_F(Mcp, RunsTheCommandLineThatAToolStandsFor) {
  const McpSession all = session(tools_for_people(""));
  const json done = call(all, "experiment", {{"number", 12}, {"lab", "pi"}});
  EXPECT_EQ(ran_, (std::vector<Words>{{"show", "--json", "--lab=pi", "12"}}));
  EXPECT_EQ(done["result"]["content"][0]["text"], "done");
  EXPECT_EQ(done["result"]["isError"], false);
  next_ = {.text = "swarmlab: no lab pi", .failed = true};
  EXPECT_EQ(call(all, "frontier", {{"lab", "pi"}})["result"]["isError"], true);
}

TEST_F(Mcp, WhatAClientSaysIsNoOption) {
  call(session(tools_for_people("")), "status", {{"lab", "--connect=tcp://elsewhere:1"}});
  EXPECT_EQ(ran_.back().back(), "--lab=--connect=tcp://elsewhere:1");
  call(session(tools_in_workspace()), "hypothesis", {{"hypothesis", "--json"}});
  EXPECT_EQ(ran_.back(), (Words{"hypothesis", "--", "--json"}));
}

TEST_F(Mcp, OfOneLabAnswersAboutNoOther) {
  const McpSession one = session(tools_for_people("pi"));
  call(one, "status", json::object());
  EXPECT_EQ(ran_.back(), (Words{"status", "--json", "--lab=pi"}));
  EXPECT_EQ(call(one, "status", {{"lab", "tau"}})["error"]["code"], -32602);
  EXPECT_TRUE(call(one, "labs", json::object()).contains("error"));
}

TEST_F(Mcp, RefusesWhatItDoesNotUnderstand) {
  const McpSession all = session(tools_for_people(""));
  EXPECT_EQ(answer(all, "{")["error"]["code"], -32700);
  EXPECT_EQ(answer(all, "[]")["error"]["code"], -32600);
  EXPECT_EQ(answer(all, R"({"id":1,"method":"resources/list"})")["error"]["code"], -32601);
  EXPECT_EQ(answer(all, R"({"id":1,"method":"tools/call","params":[1]})")["error"]["code"], -32602);
  EXPECT_EQ(call(all, "experiment", json::object())["error"]["code"], -32602);
  EXPECT_EQ(call(all, "experiment", {{"number", -1}})["error"]["code"], -32602);
  EXPECT_EQ(call(all, "experiment", {{"number", 1}, {"more", 1}})["error"]["code"], -32602);
  EXPECT_TRUE(ran_.empty());
}

TEST_F(Mcp, CutsWhatNoModelWouldRead) {
  next_.text.assign(1'000'000, 'x');
  const json done = call(session(tools_for_people("")), "labs", json::object());
  const auto text = done["result"]["content"][0]["text"].get<std::string>();
  EXPECT_LT(text.size(), 250'000U);
  EXPECT_NE(text.find("more bytes were left out"), std::string::npos);
}

TEST(McpCommand, InAWorkspaceTellsTheBriefAndAnnouncesHypotheses) {
  const std::string folder = testing::TempDir() + "mcp-workspace";
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/brief.md") << "# the goal";
  std::istringstream in(
      R"({"id":1,"method":"tools/call","params":{"name":"context"}})"
      "\n"
      R"({"id":2,"method":"tools/call","params":{"name":"hypothesis","arguments":{"hypothesis":"- less"}}})"
      "\n"
      R"({"id":3,"method":"tools/call","params":{"name":"frontier"}})"
      "\n");
  std::ostringstream out;
  std::ostringstream err;
  Context context{.out = out, .err = err, .in = &in};
  context.environment = {{"SWARMLAB_BRIEF", folder + "/brief.md"},
                         {"SWARMLAB_HYPOTHESIS", folder + "/hypothesis.json"}};
  EXPECT_EQ(run_command_line(Words{"mcp"}, context), kDone) << err.str();
  std::istringstream answers(out.str());
  std::string line;
  std::getline(answers, line);
  EXPECT_EQ(json::parse(line)["result"]["content"][0]["text"], "# the goal");
  std::getline(answers, line);
  EXPECT_EQ(json::parse(line)["result"]["isError"], false) << line;
  EXPECT_EQ(json::parse(std::ifstream(folder + "/hypothesis.json"))["hypothesis"], "- less");
  std::getline(answers, line);
  EXPECT_EQ(json::parse(line)["error"]["code"], -32602) << "the swarm is out of reach here";
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace swarmlab::cli
