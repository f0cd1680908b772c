#include "cli/trial.h"

#include <algorithm>
#include <set>
#include <system_error>

#include "cli/lab_texts.h"
#include "common/git/checkout.h"
#include "common/git/repository.h"
#include "common/lab/lab.h"
#include "common/lab/lab_check.h"
#include "common/lab/scope.h"
#include "worker/evaluator/shim.h"
#include "worker/sandbox/drivers.h"
#include "worker/server/lab_image.h"

namespace swarmlab::cli {

namespace {

namespace fs = std::filesystem;

// Puts a path of the working tree over the checkout of HEAD, as it is: also if it is gone.
Result<void> lay_over(const fs::path& root, const fs::path& checkout, const git::DirtyFile& dirty) {
  const fs::path to = checkout / dirty.path;
  SWARMLAB_CHECK(remove_tree(to.string()));
  if (dirty.kind == git::DirtyFile::Kind::removed) return {};
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  if (!error) fs::copy(root / dirty.path, to, fs::copy_options::copy_symlinks, error);
  if (!error) return {};
  return fail(ErrorCode::unavailable, "{}: cannot be copied: {}", dirty.path, error.message());
}

bool is_below(const std::string& path, const std::string& folder) {
  return folder.empty() || path.starts_with(folder + "/");
}

}  // namespace

Result<Trial> Trial::prepare(const Context& context, const LabPlace& place, const TrialWish& wish) {
  SWARMLAB_TRY(folder,
               TempFolder::create(context.variable("TMPDIR").value_or("/tmp"), "swarmlab-trial"));
  Trial trial(std::move(folder));
  SWARMLAB_CHECK(trial.check_out(place, wish.working_tree));
  SWARMLAB_CHECK(trial.read_settings(place, wish));
  if (trial.settings_.evaluator.service) {
    return fail(ErrorCode::invalid_input,
                "[backend.host_service] is started by workers only: swarmlab run --host-services");
  }
  SWARMLAB_CHECK(worker::write_shim(trial.folder_.path() + "/shim"));
  SWARMLAB_TRY(drivers, sandbox::drivers_for({trial.settings_.sandbox}));
  SWARMLAB_TRY(chosen, sandbox::open_drivers(drivers, {.expose = wish.expose}));
  trial.sandbox_ = std::move(chosen.sandbox);
  SWARMLAB_CHECK(trial.take_image(place));
  return trial;
}

// Of the commit, as workers have it.
Result<void> Trial::take_image(const LabPlace& place) {
  SWARMLAB_TRY(repository, git::Repository::open(place.root.string()));
  SWARMLAB_TRY(cancel, CancelSource::make());
  SWARMLAB_TRY(image, worker::image_of(settings_, repository, commit_, folder_.path() + "/image",
                                       *sandbox_, cancel.token()));
  image_ = std::move(image);
  return {};
}

Result<sandbox::SandboxResult> Trial::run(sandbox::SandboxRequest request,
                                          const CancelToken& cancel) {
  request.driver = settings_.sandbox.driver;
  request.image = image_;
  return sandbox_->run(request, cancel);
}

Result<void> Trial::check_out(const LabPlace& place, bool working_tree) {
  SWARMLAB_TRY(repository, git::Repository::open(place.root.string()));
  SWARMLAB_TRY(head, repository.head_commit());
  SWARMLAB_TRY(tree, repository.tree_of(head));
  commit_ = head;
  const fs::path checkout = fs::path(folder_.path()) / "checkout";
  SWARMLAB_CHECK(git::checkout_tree(repository, tree, checkout.string()));
  SWARMLAB_TRY(entries, repository.list_tree(tree));
  std::set<std::string> files;
  for (const git::TreeEntry& entry : entries) files.insert(entry.path);
  SWARMLAB_TRY(dirty, repository.dirty_files({}));
  for (const git::DirtyFile& file : dirty) {
    if (is_below(file.path, place.folder)) uncommitted_.push_back(file.path);
    if (!working_tree) continue;
    SWARMLAB_CHECK(lay_over(place.root, checkout, file));
    if (file.kind == git::DirtyFile::Kind::removed) {
      files.erase(file.path);
    } else {
      files.insert(file.path);
    }
  }
  files_.assign(files.begin(), files.end());
  return {};
}

Result<void> Trial::read_settings(const LabPlace& place, const TrialWish& wish) {
  const fs::path checkout = fs::path(folder_.path()) / "checkout";
  const auto texts = lab_texts_in(checkout, place.folder, place.root.filename().string());
  if (!texts && texts.error().code == ErrorCode::not_found) {
    return fail(ErrorCode::invalid_input,
                "{} is not in the commit that agents start from; commit it with: git add {} && "
                "git commit",
                (fs::path(place.folder) / "lab.toml").string(),
                place.folder.empty() ? "lab.toml" : place.folder);
  }
  if (!texts) return tl::unexpected(texts.error());
  SWARMLAB_TRY(checked, check_lab(*texts, files_));
  LabOverrides overrides;
  if (!wish.data.empty()) {
    auto data = parse_data(wish.data, place.folder);
    if (!data) return within("--data", data.error());
    overrides.data = *data;
  }
  SWARMLAB_TRY(settings, with_overrides(std::move(checked.settings), overrides));
  settings_ = std::move(settings);
  warnings_ = std::move(checked.warnings);
  SWARMLAB_TRY(scope, Scope::from(settings_.artifact));
  std::ranges::copy_if(files_, std::back_inserter(editable_),
                       [&](const std::string& path) { return scope.editable(path); });
  return {};
}

Result<worker::EvaluationPaths> Trial::fresh_paths() {
  const std::string& folder = folder_.path();
  const std::string scratch = fmt::format("{}/scratch-{}", folder, ++runs_);
  SWARMLAB_CHECK(make_folders(scratch, 0700));
  return worker::EvaluationPaths{
      .checkout = folder + "/checkout", .scratch = scratch, .shim = folder + "/shim"};
}

Result<std::optional<worker::Failed>> Trial::guard(const CancelToken& cancel) {
  SWARMLAB_TRY(paths, fresh_paths());
  SWARMLAB_TRY(ended, run(worker::prepare_guard(settings_, paths), cancel));
  SWARMLAB_CHECK(remove_tree(paths.scratch));
  return worker::read_guard(ended);
}

Result<TrialRun> Trial::measure(const std::vector<std::string>& samples,
                                const CancelToken& cancel) {
  SWARMLAB_TRY(paths, fresh_paths());
  SWARMLAB_TRY(request,
               worker::prepare_evaluation(settings_, paths,
                                          samples.empty() ? std::nullopt : std::optional(samples)));
  SWARMLAB_TRY(ended, run(request, cancel));
  SWARMLAB_CHECK(remove_tree(paths.scratch));
  return TrialRun{.evaluation = worker::read_evaluation(settings_, ended), .took = ended.took};
}

}  // namespace swarmlab::cli
