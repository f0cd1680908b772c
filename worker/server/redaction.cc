#include "worker/server/redaction.h"

#include <algorithm>
#include <array>

#include "common/os/file.h"
#include "worker/bridge/way.h"

namespace swarmlab::worker {
namespace {

constexpr std::uint64_t kMostCredentials = 1UL << 20U;
constexpr std::size_t kShortestWord = 20;  // of a file; shorter ones are names and dates

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string with_case(std::string_view text, char first, char last) {
  std::string result(text);
  for (char& c : result) {
    if (c >= first && c <= last) c = static_cast<char>(c ^ 0x20);
  }
  return result;
}

void add(Secrets& secrets, const std::string& value) {
  secrets.add(value);
  secrets.add(with_case(value, 'A', 'Z'));
}

std::string value_of(const std::vector<std::string>& environment, std::string_view name) {
  for (const std::string& variable : environment) {
    if (variable.starts_with(name) && variable.size() > name.size() &&
        variable[name.size()] == '=') {
      return variable.substr(name.size() + 1);
    }
  }
  return {};
}

void add_words(Secrets& secrets, std::string_view text) {
  constexpr std::string_view kMarks = "-_+/=.~";
  std::string word;
  const auto finish = [&] {
    if (word.size() >= kShortestWord) add(secrets, word);
    word.clear();
  };
  for (const char c : text) {
    const bool fits = is_letter(c) || (c >= '0' && c <= '9') || kMarks.find(c) != kMarks.npos;
    if (fits) {
      word += c;
    } else {
      finish();
    }
  }
  finish();
}

void redact(std::string& text, const Secrets& secrets) {
  text = secrets.redacted(std::move(text));
}

void redact(Measurement& measurement, const Secrets& secrets) {
  for (MetricValue& metric : measurement.metrics) redact(metric.name, secrets);
}

void redact(AgentNotes& notes, const Secrets& secrets) {
  redact(notes.hypothesis, secrets);
  redact(notes.mechanism, secrets);
  redact(notes.notes, secrets);
  for (std::string& idea : notes.ideas) redact(idea, secrets);
}

void redact(AgentRun& run, const Secrets& secrets) {
  for (std::string* text : {&run.said, &run.session, &run.model, &run.final_message}) {
    redact(*text, secrets);
  }
  for (NetworkRefusal& refusal : run.refused) redact(refusal.host, secrets);
}

void redact(Attachments& texts, const Secrets& secrets) {
  for (std::string* text : {&texts.agent_log, &texts.guard_log, &texts.evaluator_log}) {
    redact(*text, secrets);
  }
  for (TranscriptStep& step : texts.transcript) {
    for (std::string* text : {&step.tool, &step.text, &step.result}) redact(*text, secrets);
  }
  for (SampleScore& sample : texts.samples) {
    for (std::string* text : {&sample.id, &sample.error, &sample.extra}) redact(*text, secrets);
  }
}

}  // namespace

bool is_named_like_a_secret(std::string_view variable) {
  constexpr std::array<std::string_view, 12> kWords = {
      "KEY",      "KEYS", "TOKEN",      "TOKENS",     "SECRET",      "SECRETS",
      "PASSWORD", "PASS", "PASSPHRASE", "CREDENTIAL", "CREDENTIALS", "AUTH"};
  constexpr std::array<std::string_view, 5> kEnds = {"APIKEY", "TOKEN", "SECRET", "PASSWORD",
                                                     "PASSWD"};
  const std::string upper = with_case(variable, 'a', 'z');
  std::string_view rest = upper;
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find('_'));
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
    if (std::find(kWords.begin(), kWords.end(), word) != kWords.end()) return true;
  }
  return std::any_of(kEnds.begin(), kEnds.end(),
                     [&](std::string_view end) { return upper.ends_with(end); });
}

Secrets secrets_of(const Workbench& bench, const swarmlab::Agent& settings) {
  Secrets secrets;
  for (const ProviderKey& key : bench.provider_keys.all()) add(secrets, key.key);
  for (const std::string& variable : bench.environment) {
    const std::size_t end = std::min(variable.find('='), variable.size());
    const std::string_view name = std::string_view(variable).substr(0, end);
    const bool counts = is_named_like_a_secret(name) || name == settings.api_key;
    // SSH_AUTH_SOCK and the like tell where, not what.
    if (counts && !variable.substr(end).starts_with("=/")) {
      add(secrets, value_of(bench.environment, name));
    }
  }
  for (const std::string& password : proxy_passwords(bench.environment)) add(secrets, password);
  const std::string home = value_of(bench.environment, "HOME");
  for (const std::string& path : settings.credentials) {
    const auto text =
        read_file(path.starts_with("~/") ? home + path.substr(1) : path, kMostCredentials);
    if (text) add_words(secrets, *text);
  }
  return secrets;
}

void redact(SpooledReport& result, const Secrets& secrets) {
  if (secrets.empty()) return;
  Report& report = result.report;
  redact(report.reason, secrets);
  for (std::string& path : report.paths) redact(path, secrets);
  if (report.measurement) redact(*report.measurement, secrets);
  for (Measurement& measurement : report.more) redact(measurement, secrets);
  redact(report.notes, secrets);
  if (report.agent) redact(*report.agent, secrets);
  redact(result.attachments, secrets);
}

void redact(sandbox::SandboxResult& result, const Secrets& secrets) {
  redact(result.out, secrets);
  redact(result.err, secrets);
}

}  // namespace swarmlab::worker
