// The files of a lab that another program was made for, as recognition reads them: a folder on
// disk, or a map in a test.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace swarmlab::predecessors {

class Folder {
 public:
  Folder() = default;
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  Folder(Folder&&) = delete;
  Folder& operator=(Folder&&) = delete;
  virtual ~Folder() = default;

  /// Of a regular file below the folder, by its path from there. Nothing if there is none, or if it
  /// is larger than any text of a lab (16 MiB).
  [[nodiscard]] virtual std::optional<std::string> text(const std::string& path) const = 0;
  [[nodiscard]] virtual bool has(const std::string& path) const = 0;
  /// Of the files and folders that lie in it, sorted.
  [[nodiscard]] virtual std::vector<std::string> names() const = 0;
  /// Of all files below, sorted: not those of .git, .swarmlab and what programs install
  /// (node_modules, virtual environments); at most 100,000.
  [[nodiscard]] virtual const std::vector<std::string>& paths() const = 0;
  /// Where it is, absolute: for what must be shown to sandboxes. Empty: nowhere.
  [[nodiscard]] virtual std::filesystem::path place() const = 0;
  /// From the root of its repository; "" is the root.
  [[nodiscard]] virtual std::string inside() const = 0;
  /// $HOME of the person; empty: unknown.
  [[nodiscard]] virtual std::filesystem::path home() const = 0;
};

/// A folder on disk. \param root  of the repository that it is in
[[nodiscard]] std::unique_ptr<Folder> folder_on_disk(const std::filesystem::path& folder,
                                                     const std::filesystem::path& root,
                                                     const std::filesystem::path& home);

/// For tests: texts by path.
[[nodiscard]] std::unique_ptr<Folder> folder_of(std::map<std::string, std::string> texts);

}  // namespace swarmlab::predecessors
