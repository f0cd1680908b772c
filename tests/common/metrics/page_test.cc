// What a page of metrics says, in the text that Prometheus reads.
#include "common/metrics/page.h"

#include <gtest/gtest.h>

namespace swarmlab::metrics {
namespace {

TEST(MetricsPage, HasHelpTypeAndValuesOfEachFamily) {
  Page page;
  page.gauge("swarmlab_leases", "Leases", 3, {{"state", "current"}});
  page.gauge("swarmlab_leases", "Leases", 0, {{"state", "orphaned"}});
  page.counter("swarmlab_stale_reports_total", "Late ones", 7);
  EXPECT_EQ(page.text(),
            "# HELP swarmlab_leases Leases\n"
            "# TYPE swarmlab_leases gauge\n"
            "swarmlab_leases{state=\"current\"} 3\n"
            "swarmlab_leases{state=\"orphaned\"} 0\n"
            "# HELP swarmlab_stale_reports_total Late ones\n"
            "# TYPE swarmlab_stale_reports_total counter\n"
            "swarmlab_stale_reports_total 7\n");
}

TEST(MetricsPage, WritesWhatPeopleNamedSoThatNoLineCanBeForged) {
  Page page;
  page.gauge("swarmlab_frontier_size", "Kept", 1, {{"lab", "a\"} 1\nforged 2\\"}});
  EXPECT_EQ(page.text(),
            "# HELP swarmlab_frontier_size Kept\n"
            "# TYPE swarmlab_frontier_size gauge\n"
            "swarmlab_frontier_size{lab=\"a\\\"} 1\\nforged 2\\\\\"} 1\n");
}

TEST(MetricsPage, HistogramsCountWhatIsAtMostEachBound) {
  const double bounds[] = {0.1, 1.0};
  Histogram histogram(bounds);
  for (const double value : {0.05, 0.1, 0.5, 7.0}) histogram.add(value);
  Page page;
  page.histogram("swarmlab_loop_seconds", "Turns", histogram);
  EXPECT_EQ(page.text(),
            "# HELP swarmlab_loop_seconds Turns\n"
            "# TYPE swarmlab_loop_seconds histogram\n"
            "swarmlab_loop_seconds_count 4\n"
            "swarmlab_loop_seconds_sum 7.65\n"
            "swarmlab_loop_seconds_bucket{le=\"0.1\"} 2\n"
            "swarmlab_loop_seconds_bucket{le=\"1\"} 3\n"
            "swarmlab_loop_seconds_bucket{le=\"+Inf\"} 4\n");
}

TEST(MetricsPage, NamesItsFamiliesWithTheirLabels) {
  Page page;
  page.gauge("swarmlab_tasks", "Open", 1, {{"lab", "a"}, {"state", "leased"}});
  page.gauge("swarmlab_peers", "Peers", 1);
  EXPECT_EQ(page.names(),
            (std::vector<std::string>{"swarmlab_peers", "swarmlab_tasks{lab,state}"}));
}

TEST(MetricsPage, TakesOverAnother) {
  Page one;
  one.gauge("swarmlab_peers", "Peers", 1);
  Page other;
  other.append(one);
  EXPECT_EQ(other.text(), one.text());
}

}  // namespace
}  // namespace swarmlab::metrics
