// What people did with an experiment, and what it is nearly the same as.
#include "common/wire/record_codec.h"

namespace swarmlab::wire {

void write(schema::Injection::Builder to, const Injection& injection) {
  to.setWho(text_of(injection.who));
  to.setFrom(data_of(injection.from));
}

Result<Injection> read(schema::Injection::Reader from) {
  SWARMLAB_TRY(commit, object_id_of("from", from.getFrom()));
  return Injection{.who = string_of(from.getWho()), .from = commit};
}

void write(schema::Rejection::Builder to, const Rejection& rejection) {
  to.setWho(text_of(rejection.who));
  to.setWhy(text_of(rejection.why));
  to.setAtMs(rejection.at.time_since_epoch().count());
}

Rejection read(schema::Rejection::Reader from) {
  return {.who = string_of(from.getWho()),
          .why = string_of(from.getWhy()),
          .at = Timestamp(Milliseconds(from.getAtMs()))};
}

void write(schema::NearDuplicate::Builder to, const NearDuplicate& near) {
  to.setOf(near.of.value());
  to.setSimilarity(near.similarity);
}

Result<NearDuplicate> read(schema::NearDuplicate::Reader from) {
  SWARMLAB_TRY(similarity, finite("similarity", from.getSimilarity()));
  return NearDuplicate{.of = ExperimentNumber(from.getOf()), .similarity = similarity};
}

}  // namespace swarmlab::wire
