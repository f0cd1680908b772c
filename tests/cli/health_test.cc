// `swarmlab health` against HTTP for machines of every kind of daemon.
#include "common/http/health.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/command_line.h"

namespace swarmlab::cli {
namespace {

class Health : public ::testing::Test {
 protected:
  std::string serve(const std::string& hangs, const std::vector<http::Reason>& reasons) {
    auto started =
        http::Server::start({}, {{"/healthz", [hangs] { return http::liveness(hangs); }},
                                 {"/readyz", [reasons] { return http::readiness(reasons); }}});
    EXPECT_TRUE(started) << started.error().message;
    server_ = *std::move(started);
    return server_->url();
  }

 private:
  std::unique_ptr<http::Server> server_;
};

TEST_F(Health, OfADaemonThatLives) {
  const std::string url = serve("", {});
  const Ran ran = run({"health", url});
  EXPECT_EQ(ran.exit_code, kDone) << ran.err;
  EXPECT_EQ(ran.out, url + "/healthz: ok\n");
  EXPECT_EQ(run({"health", url, "--ready"}).out, url + "/readyz: ok\n");
}

TEST_F(Health, OfOneThatHangs) {
  const std::string url = serve("its loop has not turned for 7 s", {});
  const Ran ran = run({"health", url});
  EXPECT_EQ(ran.exit_code, kFailed);
  EXPECT_NE(ran.out.find("its loop has not turned for 7 s"), std::string::npos) << ran.out;
}

TEST_F(Health, ReadyTellsWhyNot) {
  const std::string url = serve("", {{.what = "disk", .why = "1 MiB is free"},
                                     {.what = "clock", .why = "behind", .blocks = false}});
  const Ran ran = run({"health", url, "--ready"});
  EXPECT_EQ(ran.exit_code, kFailed);
  EXPECT_EQ(ran.out, url + "/readyz: not now\n  disk: 1 MiB is free\n  clock: behind\n");
  EXPECT_EQ(run({"health", url}).exit_code, kDone);  // it lives nevertheless
}

TEST_F(Health, AsJson) {
  const std::string url = serve("", {{.what = "disk", .why = "1 MiB is free"}});
  const Ran ran = run({"health", url, "--ready", "--json"});
  EXPECT_EQ(ran.exit_code, kFailed);
  const auto body = nlohmann::json::parse(ran.out);
  EXPECT_EQ(body["url"], url + "/readyz");
  EXPECT_EQ(body["good"], false);
  EXPECT_EQ(body["reasons"], (std::vector<std::string>{"disk: 1 MiB is free"}));
}

TEST_F(Health, OfNobodySaysWhatToLookAt) {
  std::string url = serve("", {});
  serve("", {});  // the first one goes
  const Ran ran = run({"health", url});
  EXPECT_EQ(ran.exit_code, kFailed);
  EXPECT_EQ(ran.err, "swarmlab: " + url +
                         "/healthz: nobody answers there. Does a coordinator or worker run here, "
                         "with --http?\n");
}

TEST_F(Health, OfSomethingElseSaysItsStatus) {
  const std::string url = serve("", {});
  const Ran ran = run({"health", url + "/elsewhere"});
  EXPECT_EQ(ran.exit_code, kFailed);
  EXPECT_NE(ran.err.find("HTTP status 404"), std::string::npos) << ran.err;
  EXPECT_EQ(run({"health", "not an address"}).exit_code, kFailed);
}

}  // namespace
}  // namespace swarmlab::cli
