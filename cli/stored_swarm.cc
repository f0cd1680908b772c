#include "cli/stored_swarm.h"

#include <optional>
#include <span>
#include <string>
#include <system_error>

#include "cli/build_info.h"
#include "cli/swarm.h"
#include "common/os/clock.h"
#include "common/wire/message.h"
#include "coordinator/server/queries.h"
#include "coordinator/store/objects.h"
#include "coordinator/store/store.h"

namespace swarmlab::cli {

namespace {

namespace fs = std::filesystem;

class StoredSwarm final : public Answerer {
 public:
  StoredSwarm(store::Store store, swarm::State state, fs::path objects, std::string where)
      : store_(std::move(store)),
        state_(std::move(state)),
        objects_folder_(std::move(objects)),
        answerer_{.version = std::string(kVersion),
                  .address = {},
                  .started_at = {},
                  .store = std::move(where)} {}

  Result<std::string> answer(const FillBody& fill, Milliseconds /*timeout*/) override {
    wire::Outgoing request(1);
    fill(request.body());
    const std::string bytes = request.bytes();
    SWARMLAB_TRY(asked, wire::Incoming::parse(std::as_bytes(std::span(bytes))));
    wire::Outgoing reply(1);
    const auto query = asked.body().getQuery();
    if (query.isShow() || query.isBest()) open_objects();
    const server::Source source{.state = state_,
                                .store = store_,
                                .objects = objects_ ? &*objects_ : nullptr,
                                .answerer = answerer_};
    SWARMLAB_CHECK(server::answer(source, query, SystemClock().now(), reply.body()));
    return reply.bytes();
  }
  bool is_live() const override { return false; }

 private:
  // For diffs only: without them all else can be told.
  void open_objects() {
    std::error_code ignored;
    if (objects_ || !fs::is_directory(objects_folder_, ignored)) return;
    if (auto opened = store::Objects::open(objects_folder_)) objects_.emplace(std::move(*opened));
  }

  store::Store store_;
  swarm::State state_;
  fs::path objects_folder_;
  std::optional<store::Objects> objects_;
  server::Answerer answerer_;
};

}  // namespace

Result<std::unique_ptr<Answerer>> open_stored_swarm(const fs::path& state) {
  const fs::path folder = state / "store";
  auto opened = store::Store::open_read_only(folder);
  if (!opened && opened.error().code == ErrorCode::not_found) {
    return fail(ErrorCode::not_found, "no experiments yet: run swarmlab run");
  }
  if (!opened && opened.error().code == ErrorCode::conflict) {
    return fail(ErrorCode::unavailable,
                "a coordinator is just starting or ending here; try again in a moment ({})",
                opened.error().message);
  }
  SWARMLAB_TRY(store, std::move(opened));
  SWARMLAB_TRY(facts, store.load());
  return std::make_unique<StoredSwarm>(std::move(store), std::move(facts), state / "objects.git",
                                       folder.string());
}

}  // namespace swarmlab::cli
