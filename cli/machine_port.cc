#include "cli/machine_port.h"

#include <nlohmann/json.hpp>

#include "cli/build_info.h"
#include "common/log/log.h"

namespace swarmlab::cli {

namespace {

http::Response version_of_this_build() {
  const nlohmann::ordered_json parts = {
      {"version", kVersion}, {"commit", kBuildCommit}, {"buildType", kBuildType}};
  return {.type = "application/json", .body = parts.dump(2) + "\n"};
}

http::Response metrics_of(const MachinePort::Parts& parts) {
  metrics::Page page = parts.page();
  page.gauge("swarmlab_build_info", "1; the labels say what was built", 1,
             {{"version", std::string(kVersion)}, {"commit", std::string(kBuildCommit)}});
  page.gauge("swarmlab_ready", "1: nothing keeps it from its work, as /readyz says",
             http::is_ready(parts.reasons()) ? 1 : 0);
  return {.type = metrics::kTextType, .body = page.text()};
}

}  // namespace

std::int64_t LastBeat::now() {
  return std::chrono::duration_cast<Milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::string LastBeat::hangs_after(std::chrono::seconds most) const {
  const std::int64_t at = at_.load(std::memory_order_relaxed);
  const Milliseconds silent(at == 0 ? 0 : now() - at);
  if (silent <= most) return {};
  return fmt::format("its loop has not turned for {} s",
                     std::chrono::duration_cast<std::chrono::seconds>(silent).count());
}

Result<std::unique_ptr<MachinePort>> MachinePort::open(const DaemonFlags& flags, Parts parts) {
  if (flags.http.empty()) return std::unique_ptr<MachinePort>();
  SWARMLAB_TRY(address, http::address_from(flags.http));
  if (!http::stays_here(address) && !flags.http_anywhere) {
    return fail(ErrorCode::invalid_input,
                "--http is {}, which other machines can reach: who does could read the names of "
                "labs and workers, scores and costs, without a key. Say --http-anywhere if that is "
                "meant (and let only your monitoring reach it)",
                flags.http);
  }
  const auto shared = std::make_shared<const Parts>(std::move(parts));
  http::Handlers handlers;
  handlers["/metrics"] = [shared] { return metrics_of(*shared); };
  handlers["/healthz"] = [shared] { return http::liveness(shared->hangs()); };
  handlers["/readyz"] = [shared] { return http::readiness(shared->reasons()); };
  handlers["/version"] = version_of_this_build;
  SWARMLAB_TRY(server, http::Server::start(address, std::move(handlers)));
  log::info("metrics and health at {}", server->url());
  return std::unique_ptr<MachinePort>(new MachinePort(std::move(server)));
}

}  // namespace swarmlab::cli
