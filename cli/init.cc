// `swarmlab init`: a lab that runs at once, from one of the templates that the program carries.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <system_error>
#include <vector>

#include "cli/commands.h"
#include "cli/templates.h"
#include "cli/text.h"
#include "common/git/repository.h"
#include "common/lab/lab.h"
#include "common/os/file.h"
#include "common/os/host.h"
#include "common/os/process.h"

namespace swarmlab::cli {

namespace {

namespace fs = std::filesystem;

struct InitOptions {
  std::string folder = ".";
  std::string name;  // of the template
};

struct TemplateFile {
  std::string_view name;  // of the template: "minimal"
  std::string_view path;  // in the lab: "data/samples.jsonl"
  std::string_view text;
};

// By template, then by path.
std::vector<TemplateFile> template_files() {
  std::vector<TemplateFile> files;
  for (const auto& [place, text] : embedded_templates()) {
    const std::size_t slash = place.find('/');
    files.push_back(
        {.name = place.substr(0, slash), .path = place.substr(slash + 1), .text = text});
  }
  return files;
}

std::vector<std::string> names_of_templates() {
  std::vector<std::string> names;
  for (const TemplateFile& file : template_files()) {
    if (names.empty() || names.back() != file.name) names.emplace_back(file.name);
  }
  return names;
}

std::vector<TemplateFile> files_of(const std::string& name) {
  std::vector<TemplateFile> files;
  std::ranges::copy_if(template_files(), std::back_inserter(files),
                       [&](const TemplateFile& file) { return file.name == name; });
  return files;
}

std::string filled_in(const TemplateFile& file, const std::string& lab) {
  std::string text(file.text);
  constexpr std::string_view kName = "{name}";
  if (file.path != "lab.toml" && file.path != "AGENT.md") return text;  // code has braces, too
  for (std::size_t at = text.find(kName); at != std::string::npos; at = text.find(kName, at)) {
    text.replace(at, kName.size(), lab);
    at += lab.size();
  }
  return text;
}

// Nothing is written if anything would be overwritten.
Result<void> check_free(const fs::path& folder, const std::vector<TemplateFile>& files) {
  for (const TemplateFile& file : files) {
    std::error_code error;
    const fs::file_status status = fs::symlink_status(folder / file.path, error);
    if (!fs::exists(status)) continue;
    return fail(ErrorCode::conflict, "{} is there already: nothing was written; choose another DIR",
                (folder / file.path).string());
  }
  return {};
}

Result<void> write_files(const fs::path& folder, const std::vector<TemplateFile>& files,
                         const std::string& lab) {
  for (const TemplateFile& file : files) {
    const fs::path path = folder / file.path;
    SWARMLAB_CHECK(make_folders(path.parent_path().string()));
    SWARMLAB_CHECK(write_file(path.string(), filled_in(file, lab)));
  }
  return {};
}

class Git {
 public:
  static Result<Git> find(const Context& context, const fs::path& folder) {
    const std::string program =
        find_program("git", context.variable("PATH").value_or("/usr/local/bin:/usr/bin:/bin"));
    if (program.empty()) {
      return fail(ErrorCode::not_found, "git is not on the PATH; install it (apt-get install git)");
    }
    return Git(context, program, folder);
  }

  Result<std::string> run(std::vector<std::string> words) const {
    std::vector<std::string> argv{program_, "-C", folder_.string()};
    argv.insert(argv.end(), words.begin(), words.end());
    SWARMLAB_TRY(output, run_and_capture({.argv = std::move(argv), .env = environment_},
                                         std::chrono::seconds(60)));
    if (output.status.signaled || output.status.code != 0) {
      return fail(ErrorCode::unavailable, "git {}: {}", words.front(), one_line(output.out));
    }
    return std::move(output.out);
  }

  [[nodiscard]] bool knows_the_user() const {
    return run({"var", "GIT_COMMITTER_IDENT"}).has_value();
  }

 private:
  Git(const Context& context, std::string program, fs::path folder)
      : program_(std::move(program)), folder_(std::move(folder)) {
    for (const auto& [name, value] : context.environment) {
      const bool elsewhere = name == "GIT_DIR" || name == "GIT_WORK_TREE" ||
                             name == "GIT_INDEX_FILE" || name == "GIT_OBJECT_DIRECTORY";
      if (!elsewhere) environment_.push_back(name + "=" + value);
    }
  }

  std::string program_;
  fs::path folder_;
  std::vector<std::string> environment_;
};

// Makes the repository with a first commit of just these files.
Result<void> make_repository(const Context& context, const fs::path& folder,
                             const std::vector<TemplateFile>& files) {
  SWARMLAB_TRY(git, Git::find(context, folder));
  SWARMLAB_CHECK(git.run({"-c", "init.defaultBranch=main", "init", "-q"}));
  std::vector<std::string> add{"add", "--"};
  for (const TemplateFile& file : files) add.emplace_back(file.path);
  SWARMLAB_CHECK(git.run(std::move(add)));
  std::vector<std::string> commit;
  if (!git.knows_the_user()) {
    commit = {"-c", "user.name=swarmlab", "-c", "user.email=swarmlab@localhost"};
  }
  for (const char* word : {"commit", "-q", "--no-gpg-sign", "-m", "Begin a lab"}) {
    commit.emplace_back(word);
  }
  SWARMLAB_CHECK(git.run(std::move(commit)));
  return {};
}

bool is_in_repository(const fs::path& folder) {
  const auto found = git::Repository::discover(folder.string());
  return found || found.error().code != ErrorCode::not_found;  // one without a commit is one, too
}

std::string name_for(const fs::path& folder) {
  const std::string name = safe_name(folder.filename().string());
  return name.empty() ? "lab" : name;
}

void tell(const Context& context, const InitOptions& options, const std::string& lab,
          const std::vector<TemplateFile>& files, bool made_repository) {
  if (context.json) {
    nlohmann::ordered_json paths = nlohmann::ordered_json::array();
    for (const TemplateFile& file : files) paths.push_back(std::string(file.path));
    const nlohmann::ordered_json body = {{"lab", lab},
                                         {"folder", options.folder},
                                         {"template", options.name},
                                         {"files", std::move(paths)},
                                         {"madeRepository", made_repository}};
    context.out << body.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    return;
  }
  const std::string where = options.folder == "." ? "" : " " + options.folder;
  context.note(fmt::format("lab {} in {}: {} from template {}{}", lab, options.folder,
                           counted(files.size(), "file"), options.name,
                           made_repository ? ", with a first commit" : ""));
  if (!made_repository) {
    context.note(
        fmt::format("  git add {0} && git commit -m \"Add lab {1}\"   # agents start from "
                    "what is committed",
                    options.folder, lab));
  }
  context.note(fmt::format("  swarmlab check{0}\n  swarmlab run{0}", where));
}

Result<void> init(const Context& context, const InitOptions& options) {
  const fs::path folder = (context.cwd / options.folder).lexically_normal();
  const fs::path named = folder.has_filename() ? folder : folder.parent_path();
  const std::string lab = name_for(named);
  const std::vector<TemplateFile> files = files_of(options.name);
  SWARMLAB_CHECK(check_free(named, files));
  SWARMLAB_CHECK(make_folders(named.string()));
  SWARMLAB_CHECK(write_files(named, files, lab));
  const bool make = !is_in_repository(named);
  if (make) SWARMLAB_CHECK(make_repository(context, named, files));
  tell(context, options, lab, files, make);
  return {};
}

}  // namespace

void add_init(CLI::App& app, Context& context) {
  auto options = std::make_shared<InitOptions>();
  options->name = "minimal";
  CLI::App* command = app.add_subcommand("init", "Write a lab that runs at once");
  command->group(kGroupLab);
  command->add_option("DIR", options->folder, "Where to (default: here)");
  command
      ->add_option("-t,--template", options->name,
                   "minimal: a command that scores a file; python: a class with scores of samples "
                   "(default: minimal)")
      ->check(CLI::IsMember(names_of_templates()));
  add_json(*command, context);
  add_quiet(*command, context);
  add_examples(*command, "  swarmlab init my-lab\n  swarmlab init --template python my-lab");
  command->callback([&context, options] {
    context.action = [&context, options] { return init(context, *options); };
  });
}

}  // namespace swarmlab::cli
