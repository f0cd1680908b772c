#include "worker/sandbox/inside_program.h"

// NOLINTNEXTLINE(hicpp-no-assembler): C++ has no #embed yet
__asm__(
    ".section .rodata\n"
    ".global swarmlab_inside_begin\n"
    ".global swarmlab_inside_end\n"
    "swarmlab_inside_begin:\n"
    ".incbin \"" SWARMLAB_INSIDE_PROGRAM
    "\"\n"
    "swarmlab_inside_end:\n"
    ".byte 0\n"
    ".previous\n");

extern "C" {
extern const char swarmlab_inside_begin[];  // NOLINT(cppcoreguidelines-avoid-c-arrays)
extern const char swarmlab_inside_end[];    // NOLINT(cppcoreguidelines-avoid-c-arrays)
}

namespace swarmlab::sandbox {

std::string_view inside_program() {
  return {swarmlab_inside_begin,
          static_cast<std::size_t>(swarmlab_inside_end - swarmlab_inside_begin)};
}

}  // namespace swarmlab::sandbox
