# Writes what `swarmlab version` prints, as of the time of configuring, into a source of `target`.
function(add_build_info target)
  execute_process(
    COMMAND git -C ${PROJECT_SOURCE_DIR} rev-parse --short=12 HEAD
    OUTPUT_VARIABLE SWARMLAB_COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(failed)
    string(SUBSTRING "$ENV{SWARMLAB_COMMIT}" 0 12 SWARMLAB_COMMIT)  # sources without their repository, in an image
  endif()
  configure_file(${PROJECT_SOURCE_DIR}/cmake/build_info.cc.in ${PROJECT_BINARY_DIR}/generated/build_info.cc @ONLY)
  target_sources(${target} PRIVATE ${PROJECT_BINARY_DIR}/generated/build_info.cc)
endfunction()
