// Which paths of the repository an agent may change: the lab's `editable` globs less its `frozen`
// ones.
//
// A glob is relative to the repository's root. Within a component "*" is any run of characters, "?"
// one, "[a-z]" and "[!a-z]" one of a set, "\" takes the next as it is; the component "**" is any
// number of components (at the end: one or more). A glob without any of these names a file, or a
// folder with everything below. Nothing below a ".git" is ever editable. Immutable, so it may be
// shared between threads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/model/lab.h"
#include "common/result.h"

namespace swarmlab {

class Scope {
 public:
  /// `invalid_input` names the glob that is absolute, has a ".." or an unclosed "[".
  [[nodiscard]] static Result<Scope> from(const Artifact& artifact);

  [[nodiscard]] bool editable(std::string_view path) const;
  /// False only if nothing below the folder can be editable. "" is the root.
  [[nodiscard]] bool may_contain_editable(std::string_view folder) const;
  /// True only if everything that could ever be below the folder (but a .git) is editable.
  [[nodiscard]] bool wholly_editable(std::string_view folder) const;

 private:
  struct Glob {
    std::vector<std::string> components;  // "**" stands alone
  };
  [[nodiscard]] static Result<void> compile(const std::string& text, std::vector<Glob>& globs);

  std::vector<Glob> editable_;
  std::vector<Glob> frozen_;
};

}  // namespace swarmlab
