#include "cli/lab_texts.h"

#include "common/lab/paths.h"
#include "common/os/file.h"

namespace swarmlab::cli {

namespace {

constexpr std::uint64_t kMaxLabFile = 1U << 20U;

template <class Read>
Result<LabTexts> collect(const std::string& folder, const std::string& root_name,
                         const Read& read) {
  LabTexts texts{.files = {}, .root_name = root_name};
  for (const std::string& at : folders_down_to(folder)) {
    Result<std::string> text = read(join(at, "lab.toml"));
    if (text) {
      texts.files.push_back({.folder = at, .text = *std::move(text)});
    } else if (text.error().code != ErrorCode::not_found || at == folder) {
      return tl::unexpected(text.error());
    }
  }
  return texts;
}

}  // namespace

Result<LabTexts> lab_texts_in(const std::filesystem::path& root, const std::string& folder,
                              const std::string& root_name) {
  return collect(folder, root_name, [&root](const std::string& path) {
    return read_file((root / path).string(), kMaxLabFile);
  });
}

Result<LabTexts> lab_texts_at(const git::Repository& repository, const ObjectId& tree,
                              const std::string& folder, const std::string& root_name) {
  return collect(folder, root_name, [&](const std::string& path) {
    return repository.file_at(tree, path, kMaxLabFile);
  });
}

}  // namespace swarmlab::cli
