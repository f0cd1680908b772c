// libgit2, started. One guard lives in main (and in a test's main object) as long as anything of
// common/git is used.
#pragma once

namespace swarmlab::git {

struct LibraryOptions {
  bool fsync =
      true;  // objects, packs and refs reach the disk before the call that writes them returns
};

// May be nested; the options of the latest count for the whole process. Construct before threads
// start.
class Library {
 public:
  explicit Library(const LibraryOptions& options = {});
  Library(Library&&) = delete;
  Library& operator=(Library&&) = delete;
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library();
};

}  // namespace swarmlab::git
