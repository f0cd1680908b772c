#include "common/lab/freeze.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

#include "common/lab/lab.h"
#include "common/lab/paths.h"
#include "common/lab/scope.h"

namespace swarmlab {
namespace {

void add_once(std::vector<std::string>& globs, std::string glob) {
  if (std::ranges::find(globs, glob) == globs.end()) globs.push_back(std::move(glob));
}

// A path that `glob` matches, and that a glob which says less does not by accident: "src/*" is not
// to match what stands for "src/**".
std::string witness(std::string_view glob) {
  std::string path;
  while (!glob.empty()) {
    if (glob.starts_with("**")) {
      path += "\x01/\x01/\x01";
      glob.remove_prefix(2);
      continue;
    }
    if (glob.front() == '\\' && glob.size() > 1) glob.remove_prefix(1);
    path += glob.front() == '*' || glob.front() == '?' ? '\x01' : glob.front();
    glob.remove_prefix(1);
  }
  return path;
}

}  // namespace

void freeze_file(Artifact& artifact, const std::string& path) {
  add_once(artifact.frozen, escape_glob(path));
}

void freeze_folder(Artifact& artifact, const std::string& path) {
  add_once(artifact.frozen, escape_glob(path));
  add_once(artifact.frozen, escape_glob(path) + "/**");
}

void freeze_own_files(LabSettings& settings) {
  Artifact& artifact = settings.artifact;
  // A path that leaves the repository was refused when it was read.
  const auto freeze = [&](std::string_view path) {
    if (path.empty()) return;
    if (const auto at_root = to_repository(path, settings.folder)) freeze_file(artifact, *at_root);
  };
  freeze("lab.toml");
  if (const auto* backend = std::get_if<PythonBackend>(&settings.evaluator.how)) {
    freeze(backend->module);
  }
  freeze(settings.agent.instructions);
  freeze(settings.results_file);
  if (!settings.sandbox.dockerfile.empty()) freeze_file(artifact, settings.sandbox.dockerfile);
  const DataSource& data = settings.evaluator.data;
  if (data.kind == DataSource::Kind::folder) freeze_folder(artifact, data.path);
  freeze_folder(artifact, ".git");
  freeze_folder(artifact, ".swarmlab");
  for (const std::string& above : folders_down_to(settings.folder)) {
    freeze_file(artifact, join(above, "lab.toml"));
  }
}

bool leaves_anything(const Artifact& artifact) {
  const Result<Scope> rest = Scope::from(Artifact{{"**"}, artifact.frozen, 0});
  if (!rest) return true;  // a bad glob is its own problem
  return std::ranges::any_of(artifact.editable, [&](const std::string& glob) {
    // A glob without wildcards may name a file, or a folder with all that is below.
    const std::string path = witness(glob);
    return rest->editable(path) || rest->editable(path + "/\x01/\x01");
  });
}

}  // namespace swarmlab
