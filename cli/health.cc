// `swarmlab health`: whether a daemon on this machine lives, as its own HTTP for machines says. For
// what starts and restarts it and can run commands only, such as the HEALTHCHECK of an image.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/commands.h"
#include "common/http/get.h"

namespace swarmlab::cli {

namespace {

constexpr Milliseconds kPatience{5000};
constexpr int kOk = 200;
constexpr int kNotNow = 503;  // it answers, and says why not

struct Wish {
  std::string url = "http://127.0.0.1:9464";
  bool ready = false;
};

struct Health {
  std::string url;
  bool good = false;
  std::vector<std::string> reasons;  // "disk: 12 MiB are free"; of a good one: what to know
};

std::string without_end(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

// The lines of /readyz.
std::vector<std::string> reasons_in(const std::string& body) {
  std::vector<std::string> reasons;
  const auto parsed = nlohmann::json::parse(body, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("reasons")) return reasons;
  for (const auto& reason : parsed["reasons"]) {
    if (!reason.is_object()) continue;
    reasons.push_back(reason.value("what", "") + ": " + reason.value("why", ""));
  }
  return reasons;
}

Result<Health> ask(const Wish& wish) {
  SWARMLAB_TRY(url, http::url_from(wish.url));
  const std::string path = !url.path.empty() ? url.path : wish.ready ? "/readyz" : "/healthz";
  auto answer = http::get(url.origin, path, kPatience);
  if (!answer) {
    return fail(answer.error().code, "{}. Does a coordinator or worker run here, with --http?",
                answer.error().message);
  }
  if (answer->status != kOk && answer->status != kNotNow) {
    return fail(ErrorCode::unavailable, "{}{}: HTTP status {}: {}", url.origin, path,
                answer->status, without_end(answer->body));
  }
  Health health{.url = url.origin + path, .good = answer->status == kOk, .reasons = {}};
  health.reasons = reasons_in(answer->body);
  if (!health.good && health.reasons.empty()) health.reasons = {without_end(answer->body)};
  return health;
}

void print_json(const Context& context, const Health& health) {
  const nlohmann::ordered_json body = {
      {"url", health.url}, {"good", health.good}, {"reasons", health.reasons}};
  context.out << body.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

Result<void> tell(Context& context, const Wish& wish) {
  SWARMLAB_TRY(health, ask(wish));
  if (!health.good) context.exit_code = kFailed;
  if (context.json) {
    print_json(context, health);
    return {};
  }
  context.out << health.url << ": " << (health.good ? "ok" : "not now") << '\n';
  for (const std::string& reason : health.reasons) context.out << "  " << reason << '\n';
  return {};
}

}  // namespace

void add_health(CLI::App& app, Context& context) {
  CLI::App* command =
      app.add_subcommand("health", "Whether a daemon here lives, as its --http says");
  command->group(kGroupOperate);
  const auto wish = std::make_shared<Wish>();
  command->add_option("URL", wish->url,
                      "Where it serves: http://HOST:PORT, or a port of 127.0.0.1 (default: 9464)");
  command->add_flag("--ready", wish->ready,
                    "Whether it can do its work now, not only that it lives");
  add_json(*command, context);
  add_examples(*command,
               "  swarmlab health                 # exit code 0: it lives\n"
               "  swarmlab health 9465 --ready    # exit code 1, with the reasons: not now");
  command->callback(
      [&context, wish] { context.action = [&context, wish] { return tell(context, *wish); }; });
}

}  // namespace swarmlab::cli
