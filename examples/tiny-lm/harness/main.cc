// The program around a model. In: vocabulary and length (32 bits each), the training text, then one held-out symbol at
// a time. Out: before each of them, the model's distribution as floats. So a prediction is made before its symbol is known.
#include <cstdint>
#include <cstdio>
#include <vector>

#include "predictor.h"

int main() {
  std::uint32_t head[2] = {};
  if (std::fread(head, sizeof(head), 1, stdin) != 1) return 2;
  std::vector<std::uint8_t> text(head[1]);
  if (std::fread(text.data(), 1, text.size(), stdin) != text.size()) return 2;
  const std::unique_ptr<Predictor> model = train(static_cast<int>(head[0]), text);
  std::vector<float> probabilities(head[0]);
  for (;;) {
    model->predict(probabilities);
    if (std::fwrite(probabilities.data(), sizeof(float), probabilities.size(), stdout) != probabilities.size()) return 1;
    if (std::fflush(stdout) != 0) return 1;
    const int symbol = std::fgetc(stdin);
    if (symbol == EOF) return 0;
    model->observe(static_cast<std::uint8_t>(symbol));
  }
}
