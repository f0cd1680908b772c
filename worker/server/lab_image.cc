#include "worker/server/lab_image.h"

#include "common/git/checkout.h"
#include "common/os/file.h"
#include "common/os/sha256.h"

namespace swarmlab::worker {
namespace {

constexpr std::size_t kDigits = 24;  // of the contents' hash, in the image's name

}  // namespace

Result<std::string> image_of(const LabSettings& settings, const git::Repository& repository,
                             const ObjectId& commit, const std::string& folder,
                             sandbox::Sandbox& sandbox, const CancelToken& cancel) {
  const SandboxSettings& wanted = settings.sandbox;
  if (wanted.dockerfile.empty()) return wanted.image;
  SWARMLAB_TRY(tree, repository.tree_of(commit));
  SWARMLAB_TRY(dockerfile, repository.file_at(tree, wanted.dockerfile));
  SWARMLAB_TRY(context, repository.subtree_id(tree, wanted.build_context));
  const std::string contents = sha256_hex(context.hex() + "\n" + dockerfile);
  sandbox::ImageWish wish{.driver = wanted.driver,
                          .name = "swarmlab/lab:" + contents.substr(0, kDigits),
                          .dockerfile = folder + "/Dockerfile",
                          .context = folder + "/context"};
  SWARMLAB_TRY(is_there, sandbox.has_image(wish));
  if (is_there) return wish.name;
  SWARMLAB_CHECK(make_folders(folder));
  SWARMLAB_CHECK(git::checkout_tree(repository, context, wish.context));
  SWARMLAB_CHECK(write_file(wish.dockerfile, dockerfile));
  const auto built = sandbox.build_image(wish, cancel);
  if (!built) return within("[sandbox] dockerfile " + wanted.dockerfile, built.error());
  SWARMLAB_CHECK(remove_tree(folder));
  return wish.name;
}

}  // namespace swarmlab::worker
