// What became of candidates beyond the first scale, in the records of labs and of kept candidates.
#include <cmath>

#include "common/wire/bytes_codec.h"
#include "common/wire/field_codec.h"
#include "common/wire/lab_codec.h"
#include "common/wire/record_codec.h"
#include "coordinator/store/codec.h"
#include "coordinator/store/state_codec.h"

namespace swarmlab::store {

void write(schema::Lab::Learned::Builder to, const judge::Learned& learned) {
  to.setSquares(learned.noise.squares);
  to.setDegrees(learned.noise.degrees);
  to.setHome(wire::text_of(learned.home));
  auto hosts = to.initHosts(static_cast<unsigned>(learned.hosts.size()));
  unsigned place = 0;
  for (const auto& [host_class, level] : learned.hosts) {
    hosts[place].setHostClass(wire::text_of(host_class));
    hosts[place].setRatio(level.ratio);
    hosts[place].setRuns(level.runs);
    ++place;
  }
  const std::vector<double>& newest = learned.scores.newest;
  auto scores = to.initScores(static_cast<unsigned>(newest.size()));
  for (unsigned i = 0; i < newest.size(); ++i) scores.set(i, newest[i]);
  wire::write(to.initFirst(), learned.scores.first);
}

Result<judge::Learned> read(schema::Lab::Learned::Reader from) {
  SWARMLAB_TRY(squares, wire::finite("squares", from.getSquares()));
  judge::Learned learned{.noise = {.squares = squares, .degrees = from.getDegrees()},
                         .home = wire::string_of(from.getHome()),
                         .hosts = {},
                         .scores = {}};
  SWARMLAB_TRY(first, wire::read("first", from.getFirst()));
  learned.scores.first = first;
  for (const double score : from.getScores()) {
    SWARMLAB_TRY(one, wire::finite("score", score));
    learned.scores.newest.push_back(one);
  }
  for (const auto host : from.getHosts()) {
    SWARMLAB_TRY(ratio, wire::finite("ratio", host.getRatio()));
    learned.hosts.emplace(wire::string_of(host.getHostClass()),
                          judge::HostLevel{.ratio = ratio, .runs = host.getRuns()});
  }
  return learned;
}

void write(schema::Climb::Builder to, std::uint32_t scale, const ladder::Climb& climb) {
  to.setScale(scale);
  to.setStanding(wire::to_schema_enum<schema::Standing>(climb.standing));
  to.setReason(wire::text_of(climb.reason));
  to.setWho(wire::text_of(climb.who));
  auto task = to.initTask();
  if (climb.task) task.setId(climb.task->value());
  auto tokens = to.initTokens(wire::length_of(climb.tokens));
  for (unsigned i = 0; i < climb.tokens.size(); ++i) tokens.set(i, climb.tokens[i].value());
  to.setScore(climb.score);
  to.setDoubt(climb.doubt);
  wire::write(to.initMeasurements(wire::length_of(climb.measurements)), climb.measurements);
  if (climb.evidence) wire::write(to.initEvidence(), *climb.evidence);
  to.setAtMs(to_ms(climb.at));
}

Result<ladder::Climb> read(schema::Climb::Reader from) {
  SWARMLAB_TRY(standing,
               wire::from_schema_enum("standing", from.getStanding(), ladder::Standing::rejected));
  SWARMLAB_TRY(score, wire::finite("score", from.getScore()));
  SWARMLAB_TRY(doubt, wire::finite("doubt", from.getDoubt()));
  SWARMLAB_TRY(measurements, wire::read(from.getMeasurements()));
  ladder::Climb climb{.standing = standing,
                      .reason = wire::string_of(from.getReason()),
                      .who = wire::string_of(from.getWho()),
                      .score = score,
                      .doubt = doubt,
                      .measurements = std::move(measurements),
                      .at = from_ms(from.getAtMs())};
  if (from.getTask().isId()) climb.task = TaskId(from.getTask().getId());
  for (const std::uint64_t token : from.getTokens()) climb.tokens.emplace_back(token);
  if (from.hasEvidence()) {
    SWARMLAB_TRY(evidence, wire::read(from.getEvidence()));
    climb.evidence = evidence;
  }
  return climb;
}

void write(schema::Rung::Builder to, const ladder::Rung& rung) {
  write(to.initChampion(), rung.champion);
  write(to.initLearned(), rung.learned);
  to.setBegun(rung.begun);
  to.setSpentMs(rung.spent.count());
  to.setClosed(wire::text_of(rung.closed));
}

Result<ladder::Rung> read(schema::Rung::Reader from) {
  SWARMLAB_TRY(learned, read(from.getLearned()));
  return ladder::Rung{.climbs = {},
                      .promoted = {},
                      .champion = read(from.getChampion()),
                      .learned = std::move(learned),
                      .begun = from.getBegun(),
                      .spent = Milliseconds(from.getSpentMs()),
                      .closed = wire::string_of(from.getClosed())};
}

// A kept candidate: the holdout, which has a place of its own, is written as scale 0.
void write(schema::FrontierEntry::Builder to, const KeptRecord& kept) {
  write(to, kept.entry);
  auto climbs = to.initClimbs(wire::length_of(kept.climbs));
  unsigned place = 0;
  for (const auto& [scale, climb] : kept.climbs) write(climbs[place++], scale, climb);
}

Result<KeptRecord> read_kept(schema::FrontierEntry::Reader from) {
  SWARMLAB_TRY(entry, read(from));
  KeptRecord kept{.entry = entry, .climbs = {}};
  for (const auto one : from.getClimbs()) {
    SWARMLAB_TRY(climb, read(one));
    kept.climbs.emplace(one.getScale(), std::move(climb));
  }
  return kept;
}

std::string to_bytes(const KeptRecord& kept) {
  return wire::encode<schema::FrontierEntry>(
      [&](schema::FrontierEntry::Builder to) { write(to, kept); });
}

Result<KeptRecord> kept_from(std::string_view bytes) {
  return wire::decode<schema::FrontierEntry>("frontier entry", wire::bytes_of(bytes), read_kept);
}

KeptRecord kept_of(const swarm::Lab& lab, const swarm::FrontierEntry& entry) {
  KeptRecord kept{.entry = entry, .climbs = {}};
  const auto take = [&](std::uint32_t scale, const ladder::Climbs& climbs) {
    const auto found = climbs.find(entry.number);
    if (found != climbs.end()) kept.climbs.emplace(scale, found->second);
  };
  take(0, lab.holdout);
  for (std::uint32_t scale = 1; scale <= lab.rungs.size(); ++scale) {
    take(scale, lab.rungs[scale - 1].climbs);
  }
  return kept;
}

namespace {

Result<void> put_back_climbs(swarm::Lab& lab, KeptRecord& kept) {
  const ExperimentNumber number = kept.entry.number;
  for (auto& [scale, climb] : kept.climbs) {
    if (scale > lab.rungs.size()) {
      return fail(ErrorCode::corrupt, "#{} is at scale {}, expected 0 to {}", number.value(), scale,
                  lab.rungs.size());
    }
    if (scale == 0) {
      lab.holdout.insert_or_assign(number, std::move(climb));
    } else {
      lab.rungs[scale - 1].put(number, std::move(climb));
    }
  }
  return {};
}

}  // namespace

Result<void> put_back(swarm::Lab& lab, KeptRecord kept) {
  SWARMLAB_CHECK(put_back_climbs(lab, kept));
  const ExperimentNumber number = kept.entry.number;
  lab.frontier.insert_or_assign(number, std::move(kept.entry));
  return {};
}

Result<void> put_back_rejected(swarm::Lab& lab, KeptRecord kept) {
  SWARMLAB_CHECK(put_back_climbs(lab, kept));
  const ExperimentNumber number = kept.entry.number;
  lab.rejected.insert_or_assign(number, std::move(kept.entry));
  return {};
}

}  // namespace swarmlab::store
