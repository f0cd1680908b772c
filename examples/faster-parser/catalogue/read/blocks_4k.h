// Hypothesis: reading in blocks of 4 kB beats holding the whole file
// Mechanism: the block stays in the cache while it is parsed, and no page is faulted in twice
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <string_view>
#include <vector>

template <typename Visit>
void for_each_line(const char* path, Visit visit) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  std::vector<char> block(4 * 1024);
  size_t kept = 0;  // the begin of a line whose end is not read yet
  for (ssize_t got = 1; got > 0;) {
    if (kept == block.size()) block.resize(2 * block.size());
    got = read(file, block.data() + kept, block.size() - kept);
    const char* at = block.data();
    const char* const end = at + kept + (got > 0 ? static_cast<size_t>(got) : 0);
    while (const void* found = std::memchr(at, '\n', static_cast<size_t>(end - at))) {
      const char* const stop = static_cast<const char*>(found);
      visit(std::string_view(at, static_cast<size_t>(stop - at)));
      at = stop + 1;
    }
    kept = static_cast<size_t>(end - at);
    std::memmove(block.data(), at, kept);
  }
  if (kept > 0) visit(std::string_view(block.data(), kept));
  close(file);
}
