#include "tests/simulation/operator.h"

#include "common/wire/field_codec.h"
#include "common/wire/lab_codec.h"

namespace swarmlab::simulation {
namespace {

constexpr Place kPlace = 1000;  // where no worker is
constexpr std::uint32_t kMostTries = 100;

std::string lab_name(std::uint32_t lab) {
  return fmt::format("lab{}", lab);
}

ObjectId lab_commit(std::uint32_t lab) {
  return object_named(4, lab);
}

LabSettings settings_of(const Plan& plan, std::uint32_t lab) {
  LabSettings settings;
  settings.name = lab_name(lab);
  settings.artifact.editable = {"pipeline/**"};
  settings.metric.direction = lab % 2 == 0 ? Direction::minimize : Direction::maximize;
  settings.metric.confidence = plan.noisy ? 0.9 : 0.0;
  if (plan.several) settings.more_metrics.emplace_back().name = "size";
  if (plan.simple) {
    settings.search.simplicity = {.counts = true, .metric = "size", .after = 1 + lab % 3};
  }
  settings.evaluator.how = CommandEvaluator{.command = "true", .parse = {}, .pattern = {}};
  settings.stop.max_iterations = plan.experiments;
  settings.stop.max_time = Milliseconds(0);
  settings.stop.plateau_threshold = 0;
  settings.stop.max_restarts = plan.max_restarts;
  if (plan.ladder) {
    settings.scale = "small";
    settings.scales = {Scale{.name = "small"}, Scale{.name = "large"}, Scale{.name = "huge"}};
    settings.scales[1].promotion = {.fraction = 0.5, .margin = {}, .floor = 2};
    settings.scales[2].promotion = {.fraction = 0.0, .margin = {}, .floor = 1};
    settings.holdout = {.kind = DataSource::Kind::host_path, .path = "/srv/holdout"};
  }
  if (plan.limited_money) settings.stop.max_cost = MicroUsd(plan.experiments * 15'000);
  return settings;
}

}  // namespace

Operator::Operator(World& world, const Plan& plan, Network& network, CommitDisk& commits)
    : world_(world),
      plan_(plan),
      process_(std::make_shared<Process>(world, "operator")),
      channel_(std::make_unique<SimulatedChannel>(*process_, network, kPlace)),
      evaluators_(plan.labs, 1),
      commits_(commits) {
  for (std::uint32_t lab = 0; lab < plan.labs; ++lab) {
    const ObjectId commit = lab_commit(lab);
    commits.synced.emplace(commit,
                           Commit{.tree = object_named(1, number_of(commit)), .parent = {}});
  }
}

void Operator::say(const Fill& fill,
                   const std::function<void(schema::Envelope::Body::Reader)>& hear) {
  for (std::uint32_t tries = 0; tries < kMostTries; ++tries) {
    const std::uint64_t id = channel_->next_id();
    wire::Outgoing request(id);
    fill(request.body());
    const auto bytes = channel_->request(id, request.bytes(), Milliseconds(3000)).get();
    const auto reply =
        bytes ? wire::Incoming::parse(wire::bytes_of(*bytes)) : tl::unexpected(bytes.error());
    if (reply && !reply->body().isError()) {
      if (hear) hear(reply->body());
      return;
    }
    if (reply) {
      const Error error = wire::read(reply->body().getError());
      world_.note("operator hears: {}", error.message);
      if (error.code != ErrorCode::unavailable) return;
    }
    process_->sleep(Micros(500'000), {});
  }
}

void Operator::open(std::uint32_t lab,
                    const std::function<void(schema::Envelope::Body::Reader)>& hear) {
  say(
      [&](schema::Envelope::Body::Builder body) {
        auto open = body.initOpenLab();
        wire::write(open.initSettings(), settings_of(plan_, lab));
        open.setLabCommit(wire::data_of(lab_commit(lab)));
        open.setEvaluatorHash(wire::data_of(object_named(5, evaluators_[lab])));
        open.setDataHash(wire::data_of(ObjectId{}));
        const ObjectId holdout = object_named(5, lab);
        if (plan_.ladder) open.setHoldoutHash(wire::data_of(holdout));
        open.setWho("ann");
      },
      hear);
}

void Operator::open_labs() {
  process_->spawn([this] {
    for (std::uint32_t lab = 0; lab < plan_.labs; ++lab) {
      open(lab, [&](schema::Envelope::Body::Reader reply) {
        world_.require(reply.isLabOpen(), "a lab is not opened");
        world_.note("{} is open", lab_name(lab));
        ++opened_;
      });
    }
  });
}

void Operator::watch(std::function<bool(std::uint64_t)> is_stored) {
  process_->spawn([this, is_stored = std::move(is_stored)] {
    std::uint64_t seen = 0;
    while (true) {
      const auto ask = [&](schema::Envelope::Body::Builder body) {
        auto events = body.initQuery().initEvents();
        events.setAfter(seen);
        events.setLimit(50);
        events.setWaitMs(2000);
      };
      say(ask, [&](schema::Envelope::Body::Reader reply) {
        if (!reply.isEvents()) return world_.violate("who asks for events gets something else");
        for (const auto event : reply.getEvents().getEvents()) {
          const auto sequence = static_cast<std::uint64_t>(event.getSequence());
          world_.require(sequence == seen + 1, "a watcher misses an event, or sees one twice");
          world_.require(is_stored(sequence), "I1: a watcher is told of what is not on disk");
          seen = sequence;
        }
      });
      process_->sleep(Micros(300'000), {});
    }
  });
}

void Operator::set_status(std::uint32_t lab, schema::SetLabStatus::Wish wish) {
  say([&](schema::Envelope::Body::Builder body) {
    auto status = body.initSetLabStatus();
    status.setLab(lab_name(lab));
    status.setWish(wish);
    status.setReason("as the operator wishes");
    status.setWho("ann");
  });
}

void Operator::meddle() {
  const auto lab = static_cast<std::uint32_t>(world_.random.below(plan_.labs));
  const std::uint64_t what = world_.random.below(3);
  const std::uint64_t number = 1 + world_.random.below(plan_.experiments);
  const ObjectId tree = object_named(2, lab + 1, world_.random.below(plan_.choices));
  const ObjectId own = object_named(8, number_of(tree));  // in the person's repository, and sent
  if (what == 1) commits_.synced.emplace(own, Commit{.tree = tree, .parent = {}});
  process_->spawn([this, lab, what, number, own] {
    world_.note("ann meddles with {}: {} {}", lab_name(lab), what, number);
    say([&](schema::Envelope::Body::Builder body) {
      if (what == 0) {
        auto hint = body.initHint();
        hint.setLab(lab_name(lab));
        hint.setText("try something else");
        hint.setWho("ann");
      } else if (what == 1) {
        auto inject = body.initInject();
        inject.setLab(lab_name(lab));
        inject.setCommit(wire::data_of(own));
        inject.setWho("ann");
      } else {
        auto reject = body.initReject();
        reject.setLab(lab_name(lab));
        reject.setExperiment(number);
        reject.setWhy("it cheats");
        reject.setDescendants(number % 2 == 0);
        reject.setWho("ann");
      }
    });
  });
}

void Operator::steer() {
  if (!has_opened_all()) return;
  if (world_.random.one_in(2)) return meddle();
  const auto lab = static_cast<std::uint32_t>(world_.random.below(plan_.labs));
  if (world_.random.one_in(3)) {
    process_->spawn([this, lab] {
      world_.note("{} gets another evaluator", lab_name(lab));
      ++evaluators_[lab];
      open(lab, {});
    });
    return;
  }
  process_->spawn([this, lab] {
    world_.note("{} is paused", lab_name(lab));
    set_status(lab, schema::SetLabStatus::Wish::PAUSE);
    process_->sleep(Micros(world_.random.below(10'000'000)), {});
    set_status(lab, schema::SetLabStatus::Wish::RESUME);
  });
}

void Operator::resume(std::uint32_t lab) {
  process_->spawn([this, lab] { set_status(lab, schema::SetLabStatus::Wish::RESUME); });
}

void Operator::open_again(std::uint32_t lab) {
  process_->spawn([this, lab] { open(lab, {}); });
}

void Operator::release(const std::string& worker) {
  process_->spawn([this, worker] {
    say([&](schema::Envelope::Body::Builder body) {
      body.initRelease().setWorker(worker);
      body.getRelease().setWho("ann");
    });
  });
}

void Operator::drain(const std::string& worker) {
  process_->spawn([this, worker] {
    world_.note("{} is to leave", worker);
    say([&](schema::Envelope::Body::Builder body) { body.setDrain(worker); });
  });
}

}  // namespace swarmlab::simulation
