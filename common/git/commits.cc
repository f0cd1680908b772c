// Repository: blobs and commits that it writes, and refs.
#include <git2.h>
#include <git2/sys/commit.h>

#include <algorithm>

#include "common/git/handle.h"
#include "common/git/repository.h"

namespace swarmlab::git {
namespace {

struct FreeSignature {
  void operator()(git_signature* signature) const { git_signature_free(signature); }
};
using OwnedSignature = std::unique_ptr<git_signature, FreeSignature>;

std::string without(std::string text, std::string_view unwanted) {
  const auto gone = std::remove_if(text.begin(), text.end(), [unwanted](char c) {
    return unwanted.find(c) != std::string_view::npos;
  });
  text.erase(gone, text.end());
  return text;
}

Result<OwnedSignature> signature_of(const CommitText& text) {
  constexpr std::string_view kUnwanted("<>\n\r\0", 5);
  const std::string name = without(text.author_name, kUnwanted);
  const std::string email = without(text.author_email, kUnwanted);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(text.at.time_since_epoch()).count();
  git_signature* signature = nullptr;
  const int code = git_signature_new(&signature, name.c_str(), email.c_str(), seconds, 0);
  if (code != 0) return git_failed(fmt::format("author \"{} <{}>\"", name, email), code);
  return OwnedSignature(signature);
}

struct FreeIterator {
  void operator()(git_reference_iterator* iterator) const { git_reference_iterator_free(iterator); }
};
struct FreeReference {
  void operator()(git_reference* reference) const { git_reference_free(reference); }
};
struct FreeRefdb {
  void operator()(git_refdb* refdb) const { git_refdb_free(refdb); }
};

}  // namespace

Result<ObjectId> Repository::write_blob(std::string_view bytes) {
  git_oid oid;
  const int code = git_blob_create_from_buffer(&oid, raw(), bytes.data(), bytes.size());
  if (code != 0) return git_failed("write a blob", code);
  return from_oid(oid);
}

Result<ObjectId> Repository::commit(const ObjectId& tree, const std::vector<ObjectId>& parents,
                                    const CommitText& text) {
  SWARMLAB_TRY(author, signature_of(text));
  const std::string message = without(text.message, std::string_view("\0", 1));
  const git_oid tree_oid = to_oid(tree);
  std::vector<git_oid> parent_oids(parents.size());
  std::transform(parents.begin(), parents.end(), parent_oids.begin(), to_oid);
  std::vector<const git_oid*> pointers;
  pointers.reserve(parent_oids.size());
  for (const git_oid& parent : parent_oids) pointers.push_back(&parent);
  git_oid oid;
  const int code =
      git_commit_create_from_ids(&oid, raw(), nullptr, author.get(), author.get(), nullptr,
                                 message.c_str(), &tree_oid, pointers.size(), pointers.data());
  if (code != 0) return git_failed("write a commit", code);
  return from_oid(oid);
}

Result<void> Repository::set_ref(const std::string& name, const ObjectId& commit) {
  const git_oid oid = to_oid(commit);
  git_reference* reference = nullptr;
  const int code = git_reference_create(&reference, raw(), name.c_str(), &oid, 1, "swarmlab");
  if (code != 0) return git_failed("set " + name, code);
  git_reference_free(reference);
  return {};
}

Result<ObjectId> Repository::read_ref(const std::string& name) const {
  git_oid oid;
  const int code = git_reference_name_to_id(&oid, raw(), name.c_str());
  if (code != 0) return git_failed(name, code);
  return from_oid(oid);
}

Result<std::vector<Ref>> Repository::list_refs(const std::string& prefix) const {
  git_reference_iterator* opened = nullptr;
  int code = git_reference_iterator_new(&opened, raw());
  if (code != 0) return git_failed("list refs", code);
  const std::unique_ptr<git_reference_iterator, FreeIterator> iterator(opened);
  std::vector<Ref> refs;
  git_reference* next = nullptr;
  while ((code = git_reference_next(&next, opened)) == 0) {
    const std::unique_ptr<git_reference, FreeReference> reference(next);
    const std::string name = git_reference_name(next);
    const git_oid* target = git_reference_target(next);  // null: a symbolic ref
    if (target == nullptr || name.compare(0, prefix.size(), prefix) != 0) continue;
    refs.push_back({name, from_oid(*target)});
  }
  if (code != GIT_ITEROVER) return git_failed("list refs", code);
  std::sort(refs.begin(), refs.end(), [](const Ref& a, const Ref& b) { return a.name < b.name; });
  return refs;
}

Result<void> Repository::remove_ref(const std::string& name) {
  const int code = git_reference_remove(raw(), name.c_str());
  if (code != 0 && code != GIT_ENOTFOUND) return git_failed("remove " + name, code);
  return {};
}

Result<void> Repository::compress_refs() {
  git_refdb* opened = nullptr;
  int code = git_repository_refdb(&opened, raw());
  if (code != 0) return git_failed("open the refs", code);
  const std::unique_ptr<git_refdb, FreeRefdb> refdb(opened);
  code = git_refdb_compress(opened);
  if (code != 0) return git_failed("compress the refs", code);
  return {};
}

}  // namespace swarmlab::git
