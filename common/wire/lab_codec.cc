#include "common/wire/lab_codec.h"

#include "common/model/names.h"
#include "common/wire/agent_codec.h"
#include "common/wire/field_codec.h"
#include "common/wire/resources_codec.h"

namespace swarmlab::wire {
namespace {

using wire::read;  // the overloads for the parts, below, would hide them
using wire::write;

void write(schema::LabSettings::Artifact::Builder to, const Artifact& artifact) {
  write_texts(to.initEditable(length_of(artifact.editable)), artifact.editable);
  write_texts(to.initFrozen(length_of(artifact.frozen)), artifact.frozen);
  to.setMaxFileBytes(artifact.max_file_bytes);
}

Artifact read(schema::LabSettings::Artifact::Reader from) {
  return {.editable = read_texts(from.getEditable()),
          .frozen = read_texts(from.getFrozen()),
          .max_file_bytes = from.getMaxFileBytes()};
}

void write(schema::LabSettings::Metric::Builder to, const Metric& metric) {
  to.setName(text_of(metric.name));
  to.setDirection(to_schema_enum<schema::Direction>(metric.direction));
  to.setMinImprovement(metric.min_improvement.amount);
  to.setRelative(metric.min_improvement.relative);
  to.setConfidence(metric.confidence);
  to.setMaxRepeats(metric.max_repeats);
  if (metric.worst) wire::write(to.initWorst(), metric.worst);
}

Result<Metric> read(schema::LabSettings::Metric::Reader from) {
  SWARMLAB_TRY(direction, from_schema_enum("direction", from.getDirection(), Direction::maximize));
  SWARMLAB_TRY(amount, finite("minImprovement", from.getMinImprovement()));
  SWARMLAB_TRY(confidence, finite("confidence", from.getConfidence()));
  SWARMLAB_TRY(worst, read("worst", from.getWorst()));
  return Metric{.name = string_of(from.getName()),
                .direction = direction,
                .min_improvement = {.amount = amount, .relative = from.getRelative()},
                .confidence = confidence,
                .max_repeats = from.getMaxRepeats(),
                .worst = worst};
}

Result<std::vector<Metric>> read(capnp::List<schema::LabSettings::Metric>::Reader from) {
  std::vector<Metric> metrics;
  metrics.reserve(from.size());
  for (const auto one : from) {
    SWARMLAB_TRY(metric, read(one));
    metrics.push_back(std::move(metric));
  }
  return metrics;
}

void write(capnp::List<schema::LabSettings::Constraint>::Builder to,
           const std::vector<Constraint>& constraints) {
  unsigned i = 0;
  for (const Constraint& constraint : constraints) {
    auto one = to[i++];
    one.setMetric(text_of(constraint.metric));
    write(one.initMin(), constraint.min);
    write(one.initMax(), constraint.max);
  }
}

Result<std::vector<Constraint>> read(capnp::List<schema::LabSettings::Constraint>::Reader from) {
  std::vector<Constraint> constraints;
  constraints.reserve(from.size());
  for (const auto one : from) {
    SWARMLAB_TRY(min, read("constraint.min", one.getMin()));
    SWARMLAB_TRY(max, read("constraint.max", one.getMax()));
    constraints.push_back({.metric = string_of(one.getMetric()), .min = min, .max = max});
  }
  return constraints;
}

void write(schema::LabSettings::ResourceLimits::Builder to, const ResourceLimits& limits) {
  to.setMemoryBytes(limits.memory_bytes);
  to.setProcesses(limits.processes);
  to.setFileBytes(limits.file_bytes);
  to.setDiskBytes(limits.disk_bytes);
  to.setOutputBytes(limits.output_bytes);
  to.setCpus(limits.cpus);
}

Result<ResourceLimits> read(schema::LabSettings::ResourceLimits::Reader from) {
  SWARMLAB_TRY(cpus, finite("cpus", from.getCpus()));
  return ResourceLimits{.memory_bytes = from.getMemoryBytes(),
                        .processes = from.getProcesses(),
                        .file_bytes = from.getFileBytes(),
                        .disk_bytes = from.getDiskBytes(),
                        .output_bytes = from.getOutputBytes(),
                        .cpus = cpus};
}

void write(schema::LabSettings::StopLimits::Builder to, const StopLimits& stop) {
  to.setMaxIterations(stop.max_iterations);
  to.setMaxTimeMs(stop.max_time.count());
  to.setMaxCostMicroUsd(stop.max_cost.value());
  write(to.initTargetScore(), stop.target_score);
  to.setPlateauThreshold(stop.plateau_threshold);
  to.setMaxRestarts(stop.max_restarts);
  to.setGainChance(stop.expected_gain.chance);
  to.setGainExperiments(stop.expected_gain.experiments);
  to.setGainPerDollar(stop.expected_gain.per_dollar);
}

Result<StopLimits> read(schema::LabSettings::StopLimits::Reader from) {
  SWARMLAB_TRY(target, read("targetScore", from.getTargetScore()));
  SWARMLAB_TRY(chance, finite("gainChance", from.getGainChance()));
  SWARMLAB_TRY(per_dollar, finite("gainPerDollar", from.getGainPerDollar()));
  return StopLimits{
      .max_iterations = from.getMaxIterations(),
      .max_time = Milliseconds(from.getMaxTimeMs()),
      .max_cost = MicroUsd(from.getMaxCostMicroUsd()),
      .target_score = target,
      .plateau_threshold = from.getPlateauThreshold(),
      .max_restarts = from.getMaxRestarts(),
      .expected_gain = {
          .chance = chance, .experiments = from.getGainExperiments(), .per_dollar = per_dollar}};
}

void write(schema::LabSettings::Search::Builder to, PolicyKind policy, const Search& search) {
  to.setPolicy(to_schema_enum<schema::PolicyKind>(policy));
  to.setWidth(search.width);
  to.setExploration(search.exploration);
  to.setIslands(search.islands);
  to.setMigrationEvery(search.migration_every);
  to.setResetEvery(search.reset_every);
  to.setMaxParentAge(search.max_parent_age);
  to.setSeed(search.seed);
  to.setSimplicity(search.simplicity.counts);
  to.setSimplicityMetric(text_of(search.simplicity.metric));
  to.setSimplifyAfter(search.simplicity.after);
  to.setWithoutMerge(!search.merge);
  to.setNearDuplicates(to_schema_enum<schema::NearDuplicates>(search.near_duplicates));
  to.setSimilarity(search.similarity);
}

Result<Search> read(schema::LabSettings::Search::Reader from) {
  SWARMLAB_TRY(exploration, finite("exploration", from.getExploration()));
  SWARMLAB_TRY(similarity, finite("similarity", from.getSimilarity()));
  SWARMLAB_TRY(near,
               from_schema_enum("nearDuplicates", from.getNearDuplicates(), NearDuplicates::skip));
  return Search{.width = from.getWidth(),
                .exploration = exploration,
                .islands = from.getIslands(),
                .migration_every = from.getMigrationEvery(),
                .reset_every = from.getResetEvery(),
                .max_parent_age = from.getMaxParentAge(),
                .seed = from.getSeed(),
                .simplicity = {.counts = from.getSimplicity(),
                               .metric = string_of(from.getSimplicityMetric()),
                               .after = from.getSimplifyAfter()},
                .merge = !from.getWithoutMerge(),
                .near_duplicates = near,
                .similarity = similarity};
}

Result<PolicyKind> policy_of(schema::PolicyKind from) {
  return from_schema_enum("policy", from, kPolicies.back());
}

void write(schema::LabSettings::Scale::Builder to, const Scale& scale) {
  to.setName(text_of(scale.name));
  auto env = to.initEnv(length_of(scale.env));
  for (unsigned i = 0; i < scale.env.size(); ++i) {
    env[i].setName(text_of(scale.env[i].name));
    env[i].setValue(text_of(scale.env[i].value));
  }
  to.setOverlay(text_of(scale.overlay));
  to.setTimeoutMs(scale.timeout.count());
  if (scale.needs) {
    write(to.initNeeds(), scale.needs->amount);
    write_texts(to.initNeedLabels(length_of(scale.needs->labels)), scale.needs->labels);
  }
  to.setFraction(scale.promotion.fraction);
  to.setMargin(scale.promotion.margin.amount);
  to.setMarginIsRelative(scale.promotion.margin.relative);
  to.setFloor(scale.promotion.floor);
  to.setApprove(scale.promotion.approve);
  to.setMaxExperiments(scale.max_experiments);
  to.setMaxTimeMs(scale.max_time.count());
}

Result<Scale> read(schema::LabSettings::Scale::Reader from) {
  SWARMLAB_TRY(fraction, finite("fraction", from.getFraction()));
  SWARMLAB_TRY(margin, finite("margin", from.getMargin()));
  Scale scale{.name = string_of(from.getName()),
              .overlay = string_of(from.getOverlay()),
              .timeout = Milliseconds(from.getTimeoutMs()),
              .promotion = {.fraction = fraction,
                            .margin = {.amount = margin, .relative = from.getMarginIsRelative()},
                            .floor = from.getFloor(),
                            .approve = from.getApprove()},
              .max_experiments = from.getMaxExperiments(),
              .max_time = Milliseconds(from.getMaxTimeMs())};
  for (const auto one : from.getEnv()) {
    scale.env.push_back({.name = string_of(one.getName()), .value = string_of(one.getValue())});
  }
  if (from.hasNeeds()) {
    scale.needs =
        Needs{.amount = wire::read(from.getNeeds()), .labels = read_texts(from.getNeedLabels())};
  }
  return scale;
}

Result<std::vector<Scale>> read(capnp::List<schema::LabSettings::Scale>::Reader from) {
  std::vector<Scale> scales;
  scales.reserve(from.size());
  for (const auto one : from) {
    SWARMLAB_TRY(scale, read(one));
    scales.push_back(std::move(scale));
  }
  return scales;
}

void write(schema::LabSettings::Sandbox::Builder to, const SandboxSettings& sandbox) {
  to.setDriver(to_schema_enum<schema::SandboxDriver>(sandbox.driver));
  to.setImage(text_of(sandbox.image));
  to.setDockerfile(text_of(sandbox.dockerfile));
  to.setBuildContext(text_of(sandbox.build_context));
}

Result<SandboxSettings> read(schema::LabSettings::Sandbox::Reader from) {
  SWARMLAB_TRY(driver, from_schema_enum("driver", from.getDriver(), SandboxDriver::runner));
  return SandboxSettings{.driver = driver,
                         .image = string_of(from.getImage()),
                         .dockerfile = string_of(from.getDockerfile()),
                         .build_context = string_of(from.getBuildContext())};
}

// A peer of protocol 1 would refuse the whole record for a policy that it does not know.
PolicyKind known_to_all(PolicyKind policy) {
  return policy == PolicyKind::best_of_n ? policy : PolicyKind::greedy;
}

}  // namespace

void write(schema::MaybeNumber::Builder to, std::optional<double> value) {
  if (value) {
    to.setValue(*value);
  } else {
    to.setNone();
  }
}

Result<std::optional<double>> read(std::string_view where, schema::MaybeNumber::Reader from) {
  switch (from.which()) {
    case schema::MaybeNumber::NONE:
      return std::optional<double>();
    case schema::MaybeNumber::VALUE: {
      SWARMLAB_TRY(value, finite(where, from.getValue()));
      return std::optional<double>(value);
    }
  }
  return fail(ErrorCode::corrupt, "{} is neither a number nor none", where);
}

void write(schema::LabSettings::Builder to, const LabSettings& settings) {
  to.setName(text_of(settings.name));
  to.setFolder(text_of(settings.folder));
  to.setPipelineDir(text_of(settings.pipeline_dir));
  to.setResultsFile(text_of(settings.results_file));
  write(to.initArtifact(), settings.artifact);
  write(to.initMetric(), settings.metric);
  auto more = to.initMoreMetrics(length_of(settings.more_metrics));
  for (unsigned i = 0; i < more.size(); ++i) write(more[i], settings.more_metrics[i]);
  write(to.initConstraints(length_of(settings.constraints)), settings.constraints);
  write(to.initEvaluator(), settings.evaluator);
  if (settings.guard) {
    auto guard = to.initGuard();
    guard.setCommand(text_of(settings.guard->command));
    guard.setTimeoutMs(settings.guard->timeout.count());
    guard.setReworks(settings.guard->reworks);
  }
  write(to.initAgent(), settings.agent);
  write(to.initLimits(), settings.limits);
  to.setPolicy(to_schema_enum<schema::PolicyKind>(known_to_all(settings.policy)));
  write(to.initSearch(), settings.policy, settings.search);
  write(to.initStop(), settings.stop);
  to.setScale(text_of(settings.scale));
  write(to.initNeeds(), settings.needs.amount);
  write_texts(to.initNeedLabels(length_of(settings.needs.labels)), settings.needs.labels);
  to.setMaxParallel(settings.max_parallel);
  to.setWeight(settings.weight);
  auto scales = to.initScales(length_of(settings.scales));
  for (unsigned i = 0; i < settings.scales.size(); ++i) write(scales[i], settings.scales[i]);
  to.setHoldoutKind(to_schema_enum<schema::DataKind>(settings.holdout.kind));
  to.setHoldoutPath(text_of(settings.holdout.path));
  if (settings.sandbox != SandboxSettings()) write(to.initSandbox(), settings.sandbox);
}

Result<LabSettings> read(schema::LabSettings::Reader from) {
  SWARMLAB_TRY(metric, read(from.getMetric()));
  SWARMLAB_TRY(more_metrics, read(from.getMoreMetrics()));
  SWARMLAB_TRY(constraints, read(from.getConstraints()));
  SWARMLAB_TRY(evaluator, read(from.getEvaluator()));
  SWARMLAB_TRY(agent, read(from.getAgent()));
  SWARMLAB_TRY(limits, read(from.getLimits()));
  SWARMLAB_TRY(policy,
               policy_of(from.hasSearch() ? from.getSearch().getPolicy() : from.getPolicy()));
  Search search;
  if (from.hasSearch()) {
    SWARMLAB_TRY(told, read(from.getSearch()));
    search = told;
  }
  SWARMLAB_TRY(stop, read(from.getStop()));
  SWARMLAB_TRY(scales, read(from.getScales()));
  SWARMLAB_TRY(holdout,
               from_schema_enum("holdoutKind", from.getHoldoutKind(), DataSource::Kind::shipped));
  SWARMLAB_TRY(sandbox, read(from.getSandbox()));
  std::optional<Guard> guard;
  if (from.hasGuard()) {
    guard = Guard{.command = string_of(from.getGuard().getCommand()),
                  .timeout = Milliseconds(from.getGuard().getTimeoutMs()),
                  .reworks = from.getGuard().getReworks()};
  }
  return LabSettings{
      .name = string_of(from.getName()),
      .folder = string_of(from.getFolder()),
      .pipeline_dir = string_of(from.getPipelineDir()),
      .results_file = string_of(from.getResultsFile()),
      .artifact = read(from.getArtifact()),
      .metric = std::move(metric),
      .more_metrics = std::move(more_metrics),
      .constraints = std::move(constraints),
      .evaluator = std::move(evaluator),
      .guard = std::move(guard),
      .agent = std::move(agent),
      .limits = limits,
      .policy = policy,
      .search = search,
      .stop = stop,
      .scale = string_of(from.getScale()),
      .needs = {.amount = read(from.getNeeds()), .labels = read_texts(from.getNeedLabels())},
      .max_parallel = from.getMaxParallel(),
      .weight = from.getWeight(),
      .scales = std::move(scales),
      .holdout = {.kind = holdout, .path = string_of(from.getHoldoutPath())},
      .sandbox = std::move(sandbox)};
}

}  // namespace swarmlab::wire
