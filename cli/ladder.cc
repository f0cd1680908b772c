// `swarmlab ladder`: how candidates climb from scale to scale, and whether small scales predict
// large ones.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <ostream>

#include "cli/commands.h"
#include "cli/text.h"
#include "cli/views.h"
#include "common/wire/json_codec.h"

namespace swarmlab::cli {

namespace {

std::string whole(std::uint32_t number) {
  return fmt::format("{}", number);
}

// "0.412 [0.409, 0.415]"; an exact score has no interval.
std::string score_of(schema::RungView::Reader rung) {
  const auto score = number_of(rung.getScore());
  if (!score) return "-";
  const double low = number_of(rung.getLow()).value_or(*score);
  const double high = number_of(rung.getHigh()).value_or(*score);
  if (low == high) return fmt::format("{:.6g}", *score);
  return fmt::format("{:.6g} [{:.4g}, {:.4g}]", *score, low, high);
}

std::string correlation_of(schema::RungView::Reader rung) {
  const auto value = number_of(rung.getCorrelation());
  if (!value) return "-";
  const auto low = number_of(rung.getCorrelationLow());
  const auto high = number_of(rung.getCorrelationHigh());
  if (!low || !high) return fmt::format("{:.2f} (n={})", *value, rung.getPairs());
  return fmt::format("{:.2f} [{:.2f}, {:.2f}] (n={})", *value, *low, *high, rung.getPairs());
}

// Below the table: what a number alone does not tell.
void print_notes(const Context& context, schema::LadderView::Reader ladder) {
  for (const auto rung : ladder.getRungs()) {
    const std::string scale = one_line(text_of(rung.getScale()));
    for (const std::uint32_t number : rung.getProposed()) {
      context.out << fmt::format(
          "#{0} may climb to {1}: swarmlab promote {0} says yes, swarmlab promote {0} --refuse "
          "says no\n",
          number, scale);
    }
    if (rung.getClosed().size() > 0) {
      context.out << "nothing more climbs to " << scale << ": "
                  << one_line(text_of(rung.getClosed())) << '\n';
    }
    if (rung.getWarning().size() > 0) {
      context.out << painted("warning: " + one_line(text_of(rung.getWarning())), Paint::warn,
                             context.color)
                  << '\n';
    }
  }
  const auto holdout = ladder.getHoldout();
  if (holdout.getMeasured() > 0) {
    context.out << fmt::format(
        "holdout: {} measured, the newest is {:.4g} worse there, the gap grows by {:.3g} with "
        "each\n",
        holdout.getMeasured(), number_of(holdout.getGap()).value_or(0.0),
        number_of(holdout.getTrend()).value_or(0.0));
  }
  if (holdout.getWarning().size() > 0) {
    context.out << painted("warning: " + one_line(text_of(holdout.getWarning())), Paint::warn,
                           context.color)
                << '\n';
  }
}

void print_ladder(const Context& context, schema::LadderView::Reader ladder) {
  using Align = Column::Align;
  Table table({{"SCALE"},
               {"ENTRANTS", Align::right},
               {"MEASURED", Align::right},
               {"RUNNING", Align::right},
               {"PROMOTED", Align::right},
               {"DEMOTED", Align::right},
               {"CHAMPION", Align::right},
               {"SCORE"},
               {"BASELINE", Align::right},
               {"RANKS AS BELOW"}});
  for (const auto rung : ladder.getRungs()) {
    const auto champion = count_of(rung.getChampion());
    table.add({one_line(text_of(rung.getScale())), whole(rung.getEntrants()),
               whole(rung.getMeasured()), whole(rung.getRunning() + rung.getWaiting()),
               whole(rung.getPromoted()), whole(rung.getDemoted()),
               champion ? fmt::format("#{}", *champion) : std::string("-"), score_of(rung),
               score_text(number_of(rung.getBaseline())), correlation_of(rung)});
  }
  table.print(context.out, context.color, context.width);
  if (const auto champion = count_of(ladder.getChampion())) {
    context.out << fmt::format("champion: #{}, of scale {}\n", *champion,
                               one_line(text_of(ladder.getChampionScale())));
  }
  print_notes(context, ladder);
}

Result<void> run_ladder(const Context& context) {
  SWARMLAB_TRY(swarm, context.swarm());
  SWARMLAB_TRY(lab, swarm->lab_of(context));
  SWARMLAB_TRY(reply, swarm->ask([&](schema::Query::Builder query) { query.setLadder(lab); }));
  if (!reply.body().isLadder()) return tl::unexpected(unexpected_reply("ladder"));
  const auto ladder = reply.body().getLadder();
  if (context.json) {
    context.out << wire::to_json(ladder, wire::JsonStyle::pretty) << '\n';
  } else {
    print_ladder(context, ladder);
  }
  return {};
}

}  // namespace

void add_ladder(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand(
      "ladder", "How candidates climb from scale to scale, and whether small ones predict large");
  command->group(kGroupLook);
  add_lab(*command, context);
  add_json(*command, context);
  add_connect(*command, context);
  add_examples(*command, "  swarmlab ladder\n  swarmlab ladder my-lab --json");
  command->callback([&context] { context.action = [&context] { return run_ladder(context); }; });
}

}  // namespace swarmlab::cli
