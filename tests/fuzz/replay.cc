// Gives a target every input of its corpus again, and some thousand that are damaged copies of
// them: what was found once stays found, also where there is no libFuzzer.
//   fuzz_TARGET FOLDER [COPIES]
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/bytes.h"

namespace {

void give(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

std::string damaged(std::string input, std::mt19937_64& random) {
  for (std::uint64_t times = 1 + random() % 8; times > 0 && !input.empty(); --times) {
    const auto at = static_cast<std::size_t>(random() % input.size());
    switch (random() % 3) {
      case 0:
        input[at] = static_cast<char>(random());
        break;
      case 1:
        input.resize(at);
        break;
      default:
        input.insert(at, input.substr(0, static_cast<std::size_t>(random() % 64)));
    }
  }
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  std::vector<std::string> inputs;
  for (const auto& file : std::filesystem::directory_iterator(argv[1])) {
    std::ifstream in(file.path(), std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  std::ranges::sort(inputs);
  if (inputs.empty()) return 2;
  for (const std::string& input : inputs) give(input);
  const int copies = argc > 2 ? std::stoi(argv[2]) : 0;
  std::mt19937_64 random(1);
  for (int i = 0; i < copies; ++i) {
    give(damaged(inputs[static_cast<std::size_t>(random() % inputs.size())], random));
  }
  std::printf("%zu inputs, %d damaged\n", inputs.size(), copies);
  return 0;
}
