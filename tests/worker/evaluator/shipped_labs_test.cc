// The labs that this repository ships, scored as they are.
#include "tests/worker/evaluator/fixture.h"

namespace swarmlab::worker {
namespace {

class ShippedLabs : public EvaluatorTest {
 protected:
  [[nodiscard]] Scored score(const std::string& lab) const {
    namespace fs = std::filesystem;
    const fs::path root =
        fs::path(__FILE__).parent_path().parent_path().parent_path().parent_path();
    fs::copy(root / lab, path("checkout"),
             fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    std::ostringstream text;
    text << std::ifstream(path("checkout/lab.toml")).rdbuf();
    LabSettings settings = settings_of(text.str());
    settings.limits = {};
    return scored(evaluate(settings));
  }
};

TEST_F(ShippedLabs, ThePackingOfCirclesHasAScoreAndOneSampleForEachCircle) {
  const Scored result = score("examples/circle-packing");
  EXPECT_GT(result.score, 1.0);
  EXPECT_EQ(result.samples.size(), 26U);
  EXPECT_EQ(result.metrics.size(), 4U);
}

TEST_F(ShippedLabs, ThePythonTemplateHasAnErrorRate) {
  const Scored result = score("cli/templates/python");
  EXPECT_GT(result.score, 0.0);
  EXPECT_LE(result.score, 1.0);
  EXPECT_FALSE(result.samples.empty());
}

TEST_F(ShippedLabs, TheMinimalTemplateHasAnError) {
  EXPECT_GT(score("cli/templates/minimal").score, 0.0);
}

}  // namespace
}  // namespace swarmlab::worker
