// Paths and globs of lab.toml: written relative to the lab's folder, kept relative to the
// repository's root. Purely of text: no file system is asked.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"

namespace swarmlab {

/// "../src" in "labs/x" is "labs/src"; "." in "" is "". Components "." and ".." are gone.
/// \return invalid_input that says what `path` does: "leaves the repository", "is absolute", ...
[[nodiscard]] Result<std::string> to_repository(std::string_view path, const std::string& folder);

/// The same of a glob: characters of `folder` that mean something in globs are escaped.
[[nodiscard]] Result<std::string> glob_to_repository(std::string_view glob,
                                                     const std::string& folder);

/// A glob that matches just this path.
[[nodiscard]] std::string escape_glob(std::string_view path);

/// "" + "b" is "b", "a" + "b" is "a/b".
[[nodiscard]] std::string join(std::string_view folder, std::string_view path);

}  // namespace swarmlab
