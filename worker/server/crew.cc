#include "worker/server/crew.h"

#include "common/log/log.h"

namespace swarmlab::worker {

Result<std::unique_ptr<Crew>> Crew::gather(Spool spool, SteadyClock& clock,
                                           const Connect& connect) {
  SWARMLAB_TRY(drain, CancelSource::make());
  std::unique_ptr<Crew> crew(new Crew(std::move(spool), clock, std::move(drain)));
  SWARMLAB_TRY(spooled, crew->spool_.read_all());
  for (const std::string& broken : spooled.broken) {
    log::error("spool: {} cannot be read and was set aside", broken);
  }
  // Held from the first hello on, or their leases would be taken for lost.
  crew->left_over_ = std::move(spooled.reports);
  for (const SpooledReport& report : crew->left_over_) {
    crew->holdings_.add({report.report.task, report.report.token}, std::nullopt);
  }
  SWARMLAB_TRY(link, connect([me = crew.get()] { me->leave(); }, crew->holdings_));
  crew->link_ = std::move(link);
  return crew;
}

Result<void> Crew::work(std::uint32_t slot, const DoTask& do_task, bool once,
                        const OnAnswer& on_answer) {
  const Slot::Shared shared{.link = *link_,
                            .spool = spool_,
                            .holdings = holdings_,
                            .clock = clock_,
                            .do_task = do_task,
                            .on_answer = on_answer,
                            .idle = &idle_};
  Slot worked(slot, shared);
  if (once) worked.do_one();
  const auto end =
      worked.run(slot == 0 ? left_over_ : std::vector<SpooledReport>(), drain_.token());
  if (!end) leave();
  return end;
}

void Crew::leave() {
  drain_.cancel();
  if (link_) link_->leave();
}

void Crew::leave_now() {
  leave();
  holdings_.cancel_all();
}

}  // namespace swarmlab::worker
