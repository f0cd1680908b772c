// What of the repository the scores of a lab depend on, and the text that says all of it: two
// measurements are only compared where it is the same.
#pragma once

#include <string>
#include <vector>

#include "common/lab/lab_check.h"
#include "common/lab/scope.h"
#include "common/model/lab.h"
#include "common/result.h"

namespace swarmlab {

// Besides settings: the lab's folder, its data, what may be edited, and the folders above it whose
// evaluator or guard it inherits, less the folders of other labs. Texts for people and for agents
// do not change a score.
class Relevance {
 public:
  /// \param files  paths of all files of the commit
  static Result<Relevance> of(const CheckedLab& lab, const std::vector<std::string>& files);

  [[nodiscard]] bool editable(const std::string& path) const { return scope_.editable(path); }
  [[nodiscard]] bool matters(const std::string& path) const;
  /// A lab.toml that the lab's settings come from, or would.
  [[nodiscard]] bool is_settings(const std::string& path) const;

 private:
  Relevance(CheckedLab lab, Scope scope, std::vector<std::string> others)
      : lab_(std::move(lab)), scope_(std::move(scope)), others_(std::move(others)) {}
  [[nodiscard]] bool is_of_the_lab(const std::string& path) const;

  CheckedLab lab_;
  Scope scope_;
  std::vector<std::string> others_;  // folders of labs that are not above it
};

struct HashedFile {
  std::string path;
  int mode = 0;
  std::string id;  // hexadecimal
};

/// All that makes a score what it is but the candidate and the data, as text: what is hashed as
/// the evaluator's identity must not change with the version of this program.
[[nodiscard]] std::string evaluator_text(const LabSettings& settings, const Relevance& relevance,
                                         const std::vector<HashedFile>& files);

}  // namespace swarmlab
