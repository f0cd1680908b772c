#include "cli/submit.h"

#include <fmt/format.h>

#include <filesystem>

#include "cli/lab_source.h"
#include "cli/open_lab.h"
#include "cli/own_log.h"
#include "cli/text.h"
#include "cli/upload.h"
#include "cli/views.h"
#include "common/git/data_commit.h"
#include "common/git/pack_file.h"
#include "common/git/repository.h"
#include "common/os/file.h"
#include "common/wire/lab_codec.h"
#include "common/wire/record_codec.h"

namespace swarmlab::cli {

namespace {

using Body = schema::Envelope::Body::Builder;

constexpr std::uint64_t kWorthTelling = 4ULL << 20U;  // bytes: below, an upload takes no time
constexpr std::uint64_t kPercent = 100;

// Tells of a long upload, a line each tenth of it.
UploadProgress telling(const Context& context, const std::string& what) {
  return [&context, what, told = std::uint64_t{0}](std::uint64_t done, std::uint64_t all) mutable {
    if (all < kWorthTelling) return;
    const std::uint64_t tenth = done * 10 / all;
    if (tenth == told) return;
    told = tenth;
    context.note(fmt::format("{}: {} of {} MB are there ({} %)", what, done >> 20U, all >> 20U,
                             done * kPercent / all));
  };
}

Result<void> upload_commit(const Context& context, Swarm& swarm, const LabPlace& place,
                           const ObjectId& commit, const std::optional<ObjectId>& previous) {
  SWARMLAB_TRY(repository, git::Repository::open(place.root.string()));
  SWARMLAB_TRY(folder, TempFolder::create(std::filesystem::temp_directory_path().string(),
                                          "swarmlab-upload"));
  const std::string file = folder.path() + "/pack";
  std::vector<ObjectId> had;
  if (previous && *previous != commit && repository.has(*previous)) had.push_back(*previous);
  SWARMLAB_TRY(pack, git::write_pack_file(repository, {commit}, had, file));
  return upload(swarm, commit, file, pack, telling(context, place.name));
}

// Data that is shipped goes beside the lab's commit, as one of its own.
Result<void> upload_data(const Context& context, Swarm& swarm, const LabSource& source) {
  const DataSource& data = source.settings.evaluator.data;
  if (data.kind != DataSource::Kind::shipped) return {};
  SWARMLAB_TRY(folder, TempFolder::create(std::filesystem::temp_directory_path().string(),
                                          "swarmlab-upload"));
  const std::string file = folder.path() + "/pack";
  SWARMLAB_TRY(made, git::write_data_pack(data.path, file));
  if (made.manifest.tree != source.data_hash) {
    return fail(ErrorCode::conflict, "the data at {} changed while it was read", data.path);
  }
  return upload(swarm, made.commit, file, made.pack, telling(context, data.path));
}

Result<std::optional<ObjectId>> commit_there(Swarm& swarm, const std::string& lab) {
  SWARMLAB_TRY(labs, ask_labs(swarm));
  const auto view = find_lab_view(labs, lab);
  if (!view) return std::optional<ObjectId>();
  return ObjectId::from_hex(text_of(view->getLabCommit()));
}

void tell(const Context& context, const std::string& name, schema::LabOpen::Reader open) {
  const std::string stays = text_of(open.getStaysStopped());
  if (!stays.empty()) {
    context.note(name + " stays stopped: " + stays);
  } else if (open.getNewSegment() && open.getResumed()) {
    context.note(name +
                 ": the evaluator, the data or the artifact changed, so scores do not compare any "
                 "more: a new baseline comes first");
  } else {
    context.note(name + (open.getResumed() ? " goes on where it was" : " was submitted"));
  }
}

Result<bool> submit(const Context& context, Swarm& swarm, const LabPlace& place,
                    const LabOverrides& overrides) {
  SWARMLAB_TRY(previous, commit_there(swarm, place.name));
  SWARMLAB_TRY(source, read_lab_source(place, overrides, previous));
  for (const std::string& warning : source.warnings) context.note("warning: " + warning);
  SWARMLAB_CHECK(upload_commit(context, swarm, place, source.lab_commit, previous));
  SWARMLAB_CHECK(upload_data(context, swarm, source));
  SWARMLAB_TRY(reply, swarm.request([&](Body body) {
    auto open = body.initOpenLab();
    wire::write(open.initSettings(), source.settings);
    open.setLabCommit(wire::data_of(source.lab_commit));
    open.setEvaluatorHash(wire::data_of(source.evaluator_hash));
    open.setDataHash(wire::data_of(source.data_hash));
    open.setHoldoutHash(wire::data_of(source.holdout_hash));
    open.setWho(who_asks(context));
  }));
  if (!reply.body().isLabOpen()) return tl::unexpected(unexpected_reply("openLab"));
  tell(context, source.settings.name, reply.body().getLabOpen());
  if (!previous) SWARMLAB_CHECK(tell_history(context, swarm, place));
  return text_of(reply.body().getLabOpen().getStaysStopped()).empty();
}

}  // namespace

Result<Submitted> submit_labs(const Context& context, Swarm& swarm,
                              const std::vector<LabPlace>& places, const RunFlags& flags,
                              const std::vector<std::string>& args) {
  Submitted submitted;
  for (const LabPlace& place : places) {
    SWARMLAB_TRY(overrides, overrides_for(place, flags, args));
    auto runs = submit(context, swarm, place, overrides);
    if (!runs) return within(place.name, runs.error());
    submitted.any_runs = submitted.any_runs || *runs;
  }
  return submitted;
}

}  // namespace swarmlab::cli
