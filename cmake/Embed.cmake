# Puts all files below `folder` into `target`: a generated source defines what `header` declares,
#   std::vector<std::pair<std::string_view, std::string_view>> swarmlab::FUNCTION()   // path, content
function(embed_files target folder header function)
  file(GLOB_RECURSE files RELATIVE "${folder}" CONFIGURE_DEPENDS LIST_DIRECTORIES false "${folder}/*")
  list(FILTER files EXCLUDE REGEX "__pycache__")
  list(SORT files)
  set(rows "")
  foreach(file IN LISTS files)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${folder}/${file}")
    file(READ "${folder}/${file}" content)
    string(APPEND rows "      {\"${file}\", R\"embedded(${content})embedded\"},\n")
  endforeach()
  string(CONCAT source "#include \"${header}\"\n\nnamespace swarmlab {\n\n"
    "std::vector<std::pair<std::string_view, std::string_view>> ${function}() {\n  return {\n${rows}  };\n}\n\n"
    "}  // namespace swarmlab\n")
  file(GENERATE OUTPUT "${PROJECT_BINARY_DIR}/generated/${function}.cc" CONTENT "${source}")
  target_sources(${target} PRIVATE "${PROJECT_BINARY_DIR}/generated/${function}.cc")
endfunction()
