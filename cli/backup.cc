// `swarmlab backup`: of a coordinator that runs, or of the store that one left; `restore`.
#include "coordinator/store/backup.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>
#include <random>

#include "cli/build_info.h"
#include "cli/commands.h"
#include "cli/locate.h"
#include "cli/swarm.h"
#include "cli/text.h"
#include "cli/views.h"
#include "common/os/clock.h"
#include "common/wire/json_codec.h"
#include "coordinator/server/backups.h"
#include "coordinator/store/process_lock.h"
#include "coordinator/store/restore.h"

namespace swarmlab::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kBackupWaitMs = 10'000;  // then the coordinator says that it still runs

struct BackupWish {
  std::string destination;
  std::uint32_t keep = 0;
  bool verify = false;
  std::string folder;  // of the coordinator; empty: .swarmlab of the repository
};

struct RestoreWish {
  std::string source;
  std::string into;
};

std::string size_text(double bytes) {
  constexpr double kMiB = 1024.0 * 1024.0;
  return fmt::format("{:.1f} MiB", bytes / kMiB);
}

void print(const Context& context, schema::BackupView::Reader backup, const std::string& done) {
  if (context.json) {
    context.out << wire::to_json(backup, wire::JsonStyle::pretty) << '\n';
    return;
  }
  context.out << text_of(backup.getPath()) << '\n';
  context.note(fmt::format("{}: {} events, {} files, {}, of which {} copied", done,
                           backup.getSequence(), backup.getFiles(), size_text(backup.getBytes()),
                           size_text(backup.getCopiedBytes())));
}

void print(const Context& context, const store::BackupInfo& info, const std::string& done) {
  wire::Outgoing message(1);
  auto view = message.body().initBackupReply().initDone();
  server::write_view(view, info);
  print(context, view.asReader(), done);
}

// Nobody has the store open, and nobody can open it until it is copied.
Result<void> back_up_what_lies_there(const Context& context, const fs::path& state,
                                     const BackupWish& wish, const fs::path& destination) {
  const auto lock = store::ProcessLock::take(state / "store.pid");
  if (!lock) return within("store at " + (state / "store").string(), lock.error());
  SWARMLAB_TRY(info, store::make_backup({.state_folder = state, .checkpoint = {}},
                                        {.destination = destination,
                                         .keep = wish.keep,
                                         .version = std::string(kVersion),
                                         .now = SystemClock().now()}));
  print(context, info, "backed up");
  return {};
}

Result<void> ask_for_backup(const Context& context, Swarm& swarm, const BackupWish& wish,
                            const fs::path& destination) {
  std::random_device random;
  const std::uint64_t ticket = (std::uint64_t{random()} << 32U) | random();
  while (true) {
    SWARMLAB_TRY(reply, swarm.request([&](schema::Envelope::Body::Builder body) {
      auto order = body.initBackup();
      order.setTicket(ticket);
      order.setDestination(destination.string());
      order.setKeep(wish.keep);
      order.setWaitMs(kBackupWaitMs);
    }));
    if (!reply.body().isBackupReply()) return tl::unexpected(unexpected_reply("backup"));
    const auto answer = reply.body().getBackupReply();
    if (!answer.isDone()) continue;
    print(context, answer.getDone(), "backed up");
    return {};
  }
}

Result<void> verify(const Context& context, const fs::path& destination) {
  SWARMLAB_TRY(path, store::find_backup(destination));
  SWARMLAB_TRY(info, store::verify_backup(path));
  print(context, info, "sound");
  return {};
}

Result<fs::path> place_of(const Context& context, const std::string& folder) {
  if (!folder.empty()) return (context.cwd / folder).lexically_normal();
  SWARMLAB_TRY(root, locate_root(context));
  return state_folder(root);
}

Result<void> run_backup(const Context& context, const BackupWish& wish) {
  const fs::path given(wish.destination);
  const fs::path destination =
      (given.is_absolute() ? given : context.cwd / given).lexically_normal();
  if (wish.verify) return verify(context, destination);
  if (!context.connect.empty() && !given.is_absolute()) {
    return fail(ErrorCode::invalid_input,
                "DEST is {}, expected an absolute path: it is on the coordinator's machine",
                wish.destination);
  }
  // Not Swarm::open() first: it reads the store, which must not have to be sound.
  if (context.connect.empty()) {
    SWARMLAB_TRY(state, place_of(context, wish.folder));
    std::error_code error;
    if (!fs::exists(state / "store", error)) {
      return fail(ErrorCode::not_found, "{}: there is no store to back up", state.string());
    }
    if (store::ProcessLock::check_free(state / "store.pid")) {
      return back_up_what_lies_there(context, state, wish, destination);
    }
  }
  SWARMLAB_TRY(swarm, context.swarm());
  return ask_for_backup(context, *swarm, wish, destination);
}

Result<void> run_restore(const Context& context, const RestoreWish& wish) {
  SWARMLAB_TRY(into, place_of(context, wish.into));
  SWARMLAB_TRY(backup, store::find_backup((context.cwd / wish.source).lexically_normal()));
  SWARMLAB_TRY(info, store::restore_backup(backup, into, SystemClock().now()));
  print(context, info, "restored into " + into.string());
  context.note(
      "what was reported after that backup is answered as stale; experiments go on with higher "
      "numbers");
  return {};
}

}  // namespace

void add_backup(CLI::App& app, Context& context) {
  const auto wish = std::make_shared<BackupWish>();
  CLI::App* command =
      app.add_subcommand("backup", "Save store and candidates, while experiments go on");
  command->group(kGroupOperate);
  command->add_option("DEST", wish->destination, "A folder that is not there yet")->required();
  command->add_option("--keep", wish->keep, "DEST is a folder of backups: keep the newest N")
      ->type_name("N")
      ->check(CLI::Range(1U, 10'000U));
  command
      ->add_option("--folder", wish->folder,
                   "Of a coordinator that does not run now (default: .swarmlab of the repository)")
      ->type_name("DIR");
  command->add_flag("--verify", wish->verify, "Check the backup at DEST, make none");
  add_json(*command, context);
  add_quiet(*command, context);
  add_connect(*command, context);
  add_examples(*command,
               "  swarmlab backup /backups/monday\n"
               "  swarmlab backup /backups --keep 14\n"
               "  swarmlab backup /backups --verify");
  command->callback([&context, wish] {
    context.action = [&context, wish] { return run_backup(context, *wish); };
  });
}

void add_restore(CLI::App& app, Context& context) {
  const auto wish = std::make_shared<RestoreWish>();
  CLI::App* command = app.add_subcommand("restore", "Put a backup back where no store is");
  command->group(kGroupOperate);
  command->add_option("SRC", wish->source, "A backup, or a folder of them: the newest")->required();
  command->add_option("--into", wish->into, "Instead of .swarmlab in the repository")
      ->type_name("DIR");
  add_json(*command, context);
  add_quiet(*command, context);
  add_examples(
      *command,
      "  swarmlab restore /backups --into /srv/swarm\n"
      "  mv .swarmlab/store .swarmlab/objects.git /tmp/damaged/ && swarmlab restore /backups");
  command->callback([&context, wish] {
    context.action = [&context, wish] { return run_restore(context, *wish); };
  });
}

}  // namespace swarmlab::cli
