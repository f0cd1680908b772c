// Which objects of commits the other side lacks. For the files of this room only.
#pragma once

#include <functional>
#include <set>
#include <vector>

#include "common/git/repository.h"
#include "common/result.h"

namespace swarmlab::git {

class Gathering {
 public:
  using Known = std::function<bool(const ObjectId&)>;
  /// \param known  what the other side has, whatever `had_trees` say
  Gathering(const Repository& repository, Known known)
      : repository_(repository), known_(std::move(known)) {}

  /// Of wanted commits and had ones, as make_pack() says.
  [[nodiscard]] static Result<Gathering> of(const Repository& repository,
                                            const std::vector<ObjectId>& wanted,
                                            const std::vector<ObjectId>& had,
                                            std::size_t max_objects = SIZE_MAX);

  /// The commit, its tree and all below, less what `had_trees` hold at the same path.
  [[nodiscard]] Result<void> add_commit(const ObjectId& commit,
                                        const std::vector<ObjectId>& had_trees);

  /// In the order to pack them.
  [[nodiscard]] const std::vector<ObjectId>& objects() const { return objects_; }
  /// Whether max_objects ended it early.
  [[nodiscard]] bool has_more() const { return has_more_; }

 private:
  bool take(const ObjectId& id);
  Result<void> add_tree(const ObjectId& tree, const std::vector<ObjectId>& had);
  [[nodiscard]] std::vector<ObjectId> folders_of(const std::vector<ObjectId>& ids) const;

  const Repository& repository_;
  Known known_;
  std::size_t max_objects_ = SIZE_MAX;
  bool has_more_ = false;
  std::set<ObjectId> seen_;
  std::vector<ObjectId> objects_;
};

}  // namespace swarmlab::git
