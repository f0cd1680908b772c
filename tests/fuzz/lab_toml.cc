// lab.toml as anybody may write it: settings, or a list of what is wrong.
#include "common/lab/lab.h"
#include "tests/fuzz/bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace swarmlab;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto settings = read_lab(text, "lab");
  if (settings) {
    fuzz::hold(!settings->name.empty(), "a lab has a name");
  } else {
    fuzz::hold(!settings.error().message.empty(), "an error says what is wrong");
  }
  static_cast<void>(
      read_lab({.files = {{.folder = "", .text = text}, {.folder = "lab", .text = text}}}));
  return 0;
}
