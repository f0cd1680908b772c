#include "cli/run_remote.h"

#include <fmt/format.h>

#include "cli/follow.h"
#include "cli/submit.h"
#include "cli/swarm.h"
#include "common/os/cancel.h"

namespace swarmlab::cli {

namespace {

constexpr Milliseconds kPause{1000};  // between tries to reach a coordinator that is away

class RemoteFollow {
 public:
  RemoteFollow(Context& context, const SignalWatch& signals, CancelSource never)
      : context_(context), signals_(signals), never_(std::move(never)), follower_(context) {}

  Result<void> go(Swarm& swarm, std::vector<std::string> labs) {
    const std::string first = labs.front();
    SWARMLAB_CHECK(follower_.begin(swarm, std::move(labs)));
    while (!follower_.all_stopped()) {
      if (signals_.take()) return leave(first);
      if (const auto news = follower_.show_news(); !news) SWARMLAB_CHECK(bear(news.error()));
    }
    return follower_.summary();
  }

 private:
  Result<void> leave(const std::string& lab) {
    follower_.erase();
    context_.note("it goes on without you: swarmlab status shows it, swarmlab stop " + lab +
                  " ends it");
    context_.exit_code = kInterrupted;
    return {};
  }

  // A coordinator that restarts, or a link that is down: what it does goes on all the same.
  Result<void> bear(const Error& error) {
    if (error.code != ErrorCode::unavailable) return tl::unexpected(error);
    if (!away_) context_.note(error.message + "; waiting for it");
    away_ = true;
    static_cast<void>(never_.token().wait(kPause));  // nothing cancels it
    return {};
  }

  Context& context_;
  const SignalWatch& signals_;
  CancelSource never_;
  Follower follower_;
  bool away_ = false;
};

}  // namespace

Result<void> run_remote(Context& context, const RemoteRun& run, const SignalWatch& signals) {
  SWARMLAB_TRY(swarm, context.swarm());
  SWARMLAB_TRY(submitted, submit_labs(context, *swarm, run.places, run.flags, run.agent_args));
  if (run.detach || !submitted.any_runs) return {};
  std::vector<std::string> names;
  for (const LabPlace& place : run.places) names.push_back(place.name);
  SWARMLAB_TRY(never, CancelSource::make());
  return RemoteFollow(context, signals, std::move(never)).go(*swarm, std::move(names));
}

}  // namespace swarmlab::cli
