// What agents and evaluators write: any bytes, read in bounded time, and never taken for more than
// they say.
#include <array>
#include <cmath>

#include "tests/fuzz/bytes.h"
#include "worker/agent/outcome.h"
#include "worker/agent/stream.h"
#include "worker/evaluator/output.h"

namespace swarmlab::worker {
namespace {

void look(Result<Scored> scored) {
  if (!scored) return fuzz::hold(!scored.error().message.empty(), "an error says what is wrong");
  fuzz::hold(std::isfinite(scored->score), "a score is finite");
  tidy("score", *scored);
  for (const auto& metric : scored->metrics) {
    fuzz::hold(std::isfinite(metric.value), "a metric is finite");
  }
}

void look(const Reading& reading) {
  constexpr std::uint64_t kMost = 1'000'000'000'000;
  constexpr std::size_t kLongest = 4000;
  fuzz::hold(reading.cost.usd.value() >= 0, "money is not given back");
  fuzz::hold(reading.cost.input_tokens <= kMost && reading.cost.output_tokens <= kMost,
             "tokens are bounded");
  const AgentRun& run = reading.run;
  for (const std::string* text : {&run.said, &run.session, &run.model, &run.final_message}) {
    fuzz::hold(text->size() <= kLongest, "words are bounded");
    fuzz::hold(text->find('\x1b') == std::string::npos, "no escape of a terminal passes");
  }
  std::size_t bytes = 0;
  const auto steps =
      reading.steps.take([](std::uint64_t line) { return std::optional(Milliseconds(line)); });
  for (const TranscriptStep& step : steps) {
    for (const std::string* text : {&step.tool, &step.text, &step.result}) {
      bytes += text->size();
      fuzz::hold(text->find('\x1b') == std::string::npos, "no escape of a terminal passes");
    }
  }
  fuzz::hold(bytes <= 128U << 10U && steps.size() <= 400, "a transcript is bounded");
  fuzz::hold(run.session.empty() || run.session.front() != '-', "a session is no option");
}

}  // namespace
}  // namespace swarmlab::worker

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace swarmlab::worker;
  swarmlab::fuzz::Bytes input({data, size});
  const auto kind = input.below(9);
  const std::string text = input.rest();
  if (kind == 0) {
    const AgentSaid said = parse_outcome(text);
    for (const char c : said.notes.hypothesis + said.notes.mechanism) {
      swarmlab::fuzz::hold(static_cast<unsigned char>(c) != 0x1b, "no escape of a terminal passes");
    }
  } else if (kind == 1) {
    look(read_by_pattern("score", "score: *([-+.0-9a-z]+)", text));
    look(read_by_pattern("score", "^(\\w+): *(\\S+)", text));
  } else if (kind == 2) {
    look(read_metric_lines("score", text));
  } else if (kind == 3) {
    look(read_json_line("score", text));
  } else if (kind == 4) {
    if (const auto said = read_backend("score", text); said && said->scored) look(*said->scored);
  } else {
    using Read = Reading (*)(std::string_view);
    constexpr std::array<Read, 4> kReaders = {read_claude, read_codex, read_pi, read_opencode};
    look(kReaders.at(kind - 5)(text));
  }
  static_cast<void>(whole_lines(text, 64));
  return 0;
}
