// An open folder of the C library, which closes itself.
#pragma once

#include <dirent.h>

#include <memory>

namespace swarmlab {

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using FolderHandle = std::unique_ptr<DIR, CloseFolder>;

}  // namespace swarmlab
