# The program that the container drivers start inside (worker/sandbox/inside): static, small, without
# sanitizers, whatever the rest is built with; `target` carries its bytes.
function(add_inside_program target)
  set(source "${PROJECT_SOURCE_DIR}/worker/sandbox/inside/inside.cc")
  set(program "${PROJECT_BINARY_DIR}/generated/inside")
  file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/generated")
  add_custom_command(
    OUTPUT "${program}"
    COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 -Os -static -s -fno-exceptions -fno-rtti -Wall -Wextra -Wconversion -Wshadow -Werror
            "-I${PROJECT_SOURCE_DIR}" "${source}" -o "${program}"
    DEPENDS "${source}" "${PROJECT_SOURCE_DIR}/worker/sandbox/inside/orders.h" "${PROJECT_SOURCE_DIR}/worker/sandbox/inside/plan.h" "${PROJECT_SOURCE_DIR}/worker/sandbox/inside/relay.h" "${PROJECT_SOURCE_DIR}/worker/sandbox/inside/sockets.h" "${PROJECT_SOURCE_DIR}/worker/sandbox/inside/usage.h"
    VERBATIM)
  set(carrier "${PROJECT_SOURCE_DIR}/worker/sandbox/inside_program.cc")
  set_source_files_properties("${carrier}" PROPERTIES
    OBJECT_DEPENDS "${program}"
    COMPILE_DEFINITIONS "SWARMLAB_INSIDE_PROGRAM=\"${program}\"")
endfunction()
