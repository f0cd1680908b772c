// Queries of history: iterators over ranges of keys, each with a limit.
#include <string>
#include <utility>

#include "common/wire/bytes_codec.h"
#include "common/wire/records.h"
#include "coordinator/store/codec.h"
#include "coordinator/store/keys.h"
#include "coordinator/store/store_impl.h"

namespace swarmlab::store {

namespace {

// The values of a range, read by `read`, at most `limit`.
template <class T, class Read>
Result<std::vector<T>> values(const Database& database, Family family, const KeyRange& range,
                              std::size_t limit, const Read& read) {
  std::vector<T> found;
  if (limit == 0) return found;
  SWARMLAB_CHECK(database.scan(family, range,
                               [&](std::string_view key, std::string_view value) -> Result<bool> {
                                 SWARMLAB_TRY(item, read(key, value));
                                 found.push_back(std::move(item));
                                 return found.size() < limit;
                               }));
  return found;
}

Result<Experiment> experiment_at(std::string_view /*key*/, std::string_view value) {
  return experiment_from(value);
}

Result<ExperimentNumber> number_in(std::string_view key, std::string_view /*value*/) {
  const auto number = keys::last_number(key);
  if (!number) return fail(ErrorCode::corrupt, "expected a number at the end of the key");
  return ExperimentNumber(*number);
}

Result<std::optional<Experiment>> find(const Database& database, LabId lab,
                                       ExperimentNumber number) {
  const std::string key = keys::of(lab, number);
  SWARMLAB_TRY(bytes, database.get(Family::experiments, key));
  if (!bytes) return std::nullopt;
  auto experiment = experiment_from(*bytes);
  if (!experiment) {
    return within(fmt::format("experiments {}", keys::printable(key)), experiment.error());
  }
  return std::move(*experiment);
}

// Walks the groups of equal scores, the best group first; within one the older come first, which is
// the order of the keys.
Result<std::vector<ExperimentNumber>> by_score(const Database& database, LabId lab,
                                               SegmentNumber segment, std::size_t limit,
                                               Direction direction) {
  constexpr auto kFamily = Family::experiments_by_score;
  KeyRange rest = KeyRange::of_prefix(keys::by_score(lab, segment));
  if (direction == Direction::minimize) {
    return values<ExperimentNumber>(database, kFamily, rest, limit, number_in);
  }
  rest.backwards = true;
  std::vector<ExperimentNumber> found;
  while (found.size() < limit) {
    std::string group;
    SWARMLAB_CHECK(
        database.scan(kFamily, rest, [&](std::string_view key, std::string_view) -> Result<bool> {
          group = key.substr(0, key.size() - sizeof(std::uint64_t));
          return false;
        }));
    if (group.empty()) break;
    SWARMLAB_TRY(equal, values<ExperimentNumber>(database, kFamily, KeyRange::of_prefix(group),
                                                 limit - found.size(), number_in));
    found.insert(found.end(), equal.begin(), equal.end());
    rest.to = group;
  }
  return found;
}

Result<std::vector<Experiment>> experiments_of(const Database& database, LabId lab,
                                               const std::vector<ExperimentNumber>& numbers) {
  std::vector<Experiment> found;
  found.reserve(numbers.size());
  for (const ExperimentNumber number : numbers) {
    SWARMLAB_TRY(experiment, find(database, lab, number));
    if (!experiment) {
      return fail(ErrorCode::corrupt, "experiments {}: not there, but in an index",
                  keys::printable(keys::of(lab, number)));
    }
    found.push_back(std::move(*experiment));
  }
  return found;
}

Result<Transcript> transcript_of(const Database& database, LabId lab, ExperimentNumber number) {
  const std::string key = keys::blob(lab, number, BlobKind::transcript);
  SWARMLAB_TRY(bytes, database.get(Family::blobs, key));
  if (!bytes) return Transcript();
  auto transcript = wire::transcript_from(wire::bytes_of(*bytes));
  if (!transcript) return within(fmt::format("blobs {}", keys::printable(key)), transcript.error());
  return transcript;
}

Result<Attachments> attachments_of(const Database& database, LabId lab, ExperimentNumber number) {
  Attachments found;
  const auto text = [&](BlobKind kind, std::string& to) -> Result<void> {
    SWARMLAB_TRY(bytes, database.get(Family::blobs, keys::blob(lab, number, kind)));
    if (bytes) to = std::move(*bytes);
    return {};
  };
  SWARMLAB_CHECK(text(BlobKind::agent_log, found.agent_log));
  SWARMLAB_CHECK(text(BlobKind::guard_log, found.guard_log));
  SWARMLAB_CHECK(text(BlobKind::evaluator_log, found.evaluator_log));
  SWARMLAB_CHECK(text(BlobKind::sketch, found.sketch));
  SWARMLAB_TRY(steps, transcript_of(database, lab, number));
  found.transcript = std::move(steps);
  const std::string key = keys::blob(lab, number, BlobKind::samples);
  SWARMLAB_TRY(bytes, database.get(Family::blobs, key));
  if (!bytes) return found;
  auto samples = samples_from(*bytes);
  if (!samples) return within(fmt::format("blobs {}", keys::printable(key)), samples.error());
  found.samples = std::move(*samples);
  return found;
}

// Nothing comes after it, and the number after it would be 0: the first again.
template <class Number>
bool is_the_last(Number after) {
  return next(after) < after;
}

}  // namespace

Result<std::optional<Experiment>> Store::experiment(LabId lab, ExperimentNumber number) const {
  auto found = find(impl_->database, lab, number);
  if (!found) return impl_->here(found.error());
  return found;
}

Result<std::vector<Experiment>> Store::experiments(LabId lab, ExperimentNumber after,
                                                   std::size_t limit) const {
  if (is_the_last(after)) return std::vector<Experiment>();
  KeyRange range = KeyRange::of_prefix(keys::of(lab));
  range.from = keys::of(lab, next(after));
  auto found =
      values<Experiment>(impl_->database, Family::experiments, range, limit, experiment_at);
  if (!found) return impl_->here(found.error());
  return found;
}

Result<std::vector<Experiment>> Store::newest(LabId lab, std::size_t limit) const {
  KeyRange range = KeyRange::of_prefix(keys::of(lab));
  range.backwards = true;
  auto found =
      values<Experiment>(impl_->database, Family::experiments, range, limit, experiment_at);
  if (!found) return impl_->here(found.error());
  return found;
}

Result<std::vector<Experiment>> Store::experiments_by_score(LabId lab, SegmentNumber segment,
                                                            std::size_t limit,
                                                            Direction direction) const {
  const auto numbers = by_score(impl_->database, lab, segment, limit, direction);
  if (!numbers) return impl_->here(numbers.error());
  auto found = experiments_of(impl_->database, lab, *numbers);
  if (!found) return impl_->here(found.error());
  return found;
}

Result<std::vector<ExperimentNumber>> Store::children(LabId lab, ExperimentNumber parent,
                                                      ExperimentNumber after,
                                                      std::size_t limit) const {
  if (is_the_last(after)) return std::vector<ExperimentNumber>();
  KeyRange range = KeyRange::of_prefix(keys::of(lab, parent));
  range.from = keys::by_parent(lab, parent, next(after));
  auto found = values<ExperimentNumber>(impl_->database, Family::experiments_by_parent, range,
                                        limit, number_in);
  if (!found) return impl_->here(found.error());
  return found;
}

Result<std::optional<ExperimentNumber>> Store::tree(LabId lab, SegmentNumber segment,
                                                    const ObjectId& tree) const {
  const std::string key = keys::tree(lab, segment, tree);
  const auto bytes = impl_->database.get(Family::trees, key);
  if (!bytes) return impl_->here(bytes.error());
  if (!*bytes) return std::nullopt;
  const auto number = number_from(**bytes);
  if (!number) {
    return impl_->here(
        within(fmt::format("trees {}", keys::printable(key)), number.error()).value());
  }
  return *number;
}

Result<std::string> Store::sketch(LabId lab, ExperimentNumber number) const {
  auto bytes = impl_->database.get(Family::blobs, keys::blob(lab, number, BlobKind::sketch));
  if (!bytes) return impl_->here(bytes.error());
  return bytes->value_or(std::string());
}

Result<Attachments> Store::attachments(LabId lab, ExperimentNumber number) const {
  auto found = attachments_of(impl_->database, lab, number);
  if (!found) return impl_->here(found.error());
  return found;
}

Result<std::vector<StoredEvent>> Store::events(Sequence after, std::size_t limit) const {
  if (is_the_last(after)) return std::vector<StoredEvent>();
  auto found = values<StoredEvent>(
      impl_->database, Family::events,
      {.from = keys::of(next(after)), .to = {}, .backwards = false}, limit,
      [](std::string_view, std::string_view value) { return event_from(value); });
  if (!found) return impl_->here(found.error());
  return found;
}

}  // namespace swarmlab::store
