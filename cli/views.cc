#include "cli/views.h"

#include <algorithm>

namespace swarmlab::cli {

namespace {

constexpr std::uint32_t kPage = 100;  // with their notes they must fit into a message

// Where to begin to ask for the newest `last` of a lab. Numbers are given out one by one, so that
// at most `decided - last` of the decided ones are up to there.
Result<std::uint64_t> first_after(Swarm& swarm, const std::string& lab,
                                  const ExperimentFilter& filter) {
  if (filter.last == 0 || !filter.verdict.empty()) return std::uint64_t{0};
  SWARMLAB_TRY(labs, ask_labs(swarm));
  const auto view = find_lab_view(labs, lab);
  if (!view || view->getExperiments() <= filter.last) return std::uint64_t{0};
  return view->getExperiments() - filter.last;
}

}  // namespace

std::optional<double> number_of(schema::MaybeNumber::Reader number) {
  if (!number.isValue()) return std::nullopt;
  return number.getValue();
}

std::optional<std::uint32_t> count_of(schema::MaybeCount::Reader count) {
  if (!count.isValue()) return std::nullopt;
  return count.getValue();
}

std::optional<Timestamp> time_of(schema::Time::Reader time) {
  if (!time.isMs()) return std::nullopt;
  return Timestamp(std::chrono::milliseconds(time.getMs()));
}

Paint paint_of(const std::string& verdict) {
  if (verdict == "keep") return Paint::good;
  if (verdict == "running") return Paint::bold;
  if (verdict == "discard" || verdict == "no_change" || verdict == "duplicate") return Paint::dim;
  return verdict == "timeout" || verdict == "invalid" ? Paint::warn : Paint::bad;
}

Error unexpected_reply(const char* asked) {
  return Error{ErrorCode::internal,
               std::string(asked) +
                   ": the coordinator answered something else; is it of the same "
                   "version? (swarmlab version)"};
}

Result<wire::Incoming> ask_labs(Swarm& swarm) {
  SWARMLAB_TRY(reply, swarm.ask([](schema::Query::Builder query) { query.setLabs(); }));
  if (!reply.body().isLabs()) return tl::unexpected(unexpected_reply("labs"));
  return std::move(reply);
}

std::optional<schema::LabView::Reader> find_lab_view(const wire::Incoming& labs,
                                                     const std::string& name) {
  for (const auto lab : labs.body().getLabs().getLabs()) {
    if (text_of(lab.getName()) == name) return lab;
  }
  return std::nullopt;
}

Result<Experiments> load_experiments(Swarm& swarm, const std::string& lab,
                                     const ExperimentFilter& filter) {
  Experiments all;
  SWARMLAB_TRY(after, first_after(swarm, lab, filter));
  for (bool more = true; more;) {
    const auto fill = [&](schema::Query::Builder query) {
      auto page = query.initExperiments();
      page.setLab(lab);
      page.setAfter(after);
      page.setLimit(kPage);
      page.setVerdict(filter.verdict);
    };
    SWARMLAB_TRY(reply, swarm.ask(fill));
    if (!reply.body().isExperiments()) return tl::unexpected(unexpected_reply("experiments"));
    all.replies.push_back(std::move(reply));
    const auto page = all.replies.back().body().getExperiments();
    const std::uint64_t before = after;
    for (const auto view : page.getExperiments()) {
      all.views.push_back(view);
      after = std::max<std::uint64_t>(after, view.getNumber());
    }
    more = page.getMore() && after > before;  // a page that brings nothing new would go on for ever
  }
  if (filter.last != 0 && all.views.size() > filter.last) {
    all.views.erase(all.views.begin(), all.views.end() - static_cast<std::ptrdiff_t>(filter.last));
  }
  return all;
}

}  // namespace swarmlab::cli
