# What every target is compiled with: warnings as errors, sanitizers by preset, ccache and mold where present.
set(SWARMLAB_SANITIZE "" CACHE STRING "sanitizers, as -fsanitize takes them: address,undefined or thread")

option(SWARMLAB_FUZZ "build the fuzz targets of tests/fuzz with libFuzzer: clang only" OFF)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

# Nothing here waits for the compiler's last word on loops: -O2 builds a quarter faster than -O3.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

find_program(CCACHE ccache)
if(CCACHE)
  # Without this word ccache does not store what was compiled with a precompiled header.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# Scores must not depend on how a compiler contracts floating-point expressions.
add_compile_options(-ffp-contract=off)
if(SWARMLAB_SANITIZE)
  # A null pointer and the end of an object are AddressSanitizer's to find; twice takes long to compile.
  add_compile_options(-fsanitize=${SWARMLAB_SANITIZE} -fno-sanitize=null,object-size -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=${SWARMLAB_SANITIZE})
endif()

if(SWARMLAB_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

add_library(warnings INTERFACE)
target_compile_options(warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Wswitch-enum
  $<$<NOT:$<BOOL:${SWARMLAB_FUZZ}>>:-Werror>)
# What is hidden in a source file looks to GCC as if it were in a header where several are compiled at once.
if(SWARMLAB_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(warnings INTERFACE -Wno-subobject-linkage)
endif()
# GCC bug 105616: under sanitizers, std::regex is taken for uninitialized.
if(SWARMLAB_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(warnings INTERFACE -Wno-maybe-uninitialized)
endif()
