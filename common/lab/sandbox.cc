// [sandbox]: what isolates a lab, and the root file system that it is to have.
#include "common/model/sandbox.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/lab/lab.h"
#include "common/lab/paths.h"
#include "common/lab/tables.h"

namespace swarmlab::tables {
namespace {

void read_driver(Section& section, SandboxSettings& sandbox) {
  constexpr const char* kExpected =
      "\"bubblewrap\", \"docker\", \"podman\", \"runsc\" or \"runner\"";
  std::string name;
  if (!section.text("driver", name, kExpected)) return;
  if (name == "none") {
    section.problem(section.line("driver"),
                    "[sandbox] driver is \"none\", which a lab cannot choose: whoever runs it says "
                    "--sandbox none");
  } else if (const auto driver = sandbox_driver_from(name)) {
    sandbox.driver = *driver;
  } else {
    section.wrong("driver", kExpected);
  }
}

// A path of the repository; empty if it is not there, or none.
std::string path_of(Section& section, std::string_view key, const LabFile& file,
                    const char* expected) {
  std::string text;
  if (!section.text(key, text, expected)) return {};
  const auto resolved = to_repository(text, file.folder_of(section.line(key)));
  if (resolved) return *resolved;
  section.problem(section.line(key),
                  fmt::format("[sandbox] {} {} {}, expected {}", key, toml_tree::quoted(text),
                              resolved.error().message, expected));
  return {};
}

void read_image(Section& section, SandboxSettings& sandbox) {
  constexpr const char* kExpected = "the name of an image such as \"python:3.12-slim\"";
  if (!section.text("image", sandbox.image, kExpected)) return;
  const bool is_name =
      sandbox.image.find_first_of(" \t") == std::string::npos && !sandbox.image.starts_with('-');
  if (!is_name) section.wrong("image", kExpected);
}

}  // namespace

void read_sandbox(Section section, LabFile& file) {
  SandboxSettings& sandbox = file.settings.sandbox;
  read_driver(section, sandbox);
  read_image(section, sandbox);
  sandbox.dockerfile = path_of(section, "dockerfile", file, "a file of the repository");
  const std::string context = path_of(section, "build_context", file, "a folder of the repository");
  if (!sandbox.dockerfile.empty()) {
    const std::size_t slash = sandbox.dockerfile.rfind('/');
    const std::string beside =
        slash == std::string::npos ? std::string() : sandbox.dockerfile.substr(0, slash);
    sandbox.build_context = section.find("build_context") == nullptr ? beside : context;
    file.lines.dockerfile = section.line("dockerfile");
  }
  if (!sandbox.dockerfile.empty() && !sandbox.image.empty()) {
    section.problem(section.line("image"),
                    "[sandbox] image is set and so is dockerfile, expected only one of them");
  }
  if (sandbox.wants_image() && sandbox.driver != SandboxDriver::any &&
      !has_images(sandbox.driver)) {
    section.problem(section.line("driver"),
                    fmt::format("[sandbox] driver {} has no images, expected \"docker\", "
                                "\"podman\" or \"runsc\"",
                                name_of(sandbox.driver)));
  }
  section.finish();
}

void settle_sandbox(LabFile& file) {
  const std::vector<std::string> needed = labels_for(file.settings);
  const auto add = [&needed](Needs& needs) {
    for (const std::string& label : needed) {
      if (std::ranges::find(needs.labels, label) == needs.labels.end()) {
        needs.labels.push_back(label);
      }
    }
  };
  add(file.settings.needs);
  for (Scale& scale : file.settings.scales) {
    if (scale.needs) add(*scale.needs);
  }
}

}  // namespace swarmlab::tables
