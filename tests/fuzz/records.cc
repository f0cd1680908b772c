// Records as a damaged disk may give them: corrupt, or a value that is written and read the same.
#include "coordinator/store/codec.h"
#include "tests/fuzz/bytes.h"

namespace swarmlab::store {
namespace {

template <class Value>
void look(const Result<Value>& value, Result<Value> (*read)(std::string_view)) {
  if (!value) return fuzz::hold(!value.error().message.empty(), "an error says what is wrong");
  const auto again = read(to_bytes(*value));
  // Scores of samples may be no numbers, which are not equal to themselves: bytes are compared.
  fuzz::hold(again && to_bytes(*again) == to_bytes(*value), "what was read can be stored again");
}

void event(std::string_view bytes) {
  const auto value = event_from(bytes);
  if (!value) return;
  const auto again = event_from(to_bytes(value->sequence, value->at, value->change));
  fuzz::hold(again.has_value() && again->sequence == value->sequence,
             "an event can be stored again");
}

}  // namespace
}  // namespace swarmlab::store

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace swarmlab::store;
  swarmlab::fuzz::Bytes input({data, size});
  const auto kind = input.below(9);
  const std::string bytes = input.rest();
  switch (kind) {
    case 0:
      look(numbers_from(bytes), &numbers_from);
      break;
    case 1:
      look(lab_from(bytes), &lab_from);
      break;
    case 2:
      look(task_from(bytes), &task_from);
      break;
    case 3:
      look(worker_from(bytes), &worker_from);
      break;
    case 4:
      look(kept_from(bytes), &kept_from);
      break;
    case 5:
      look(experiment_from(bytes), &experiment_from);
      break;
    case 6:
      look(samples_from(bytes), &samples_from);
      break;
    case 7:
      look(number_from(bytes), &number_from);
      break;
    default:
      event(bytes);
  }
  return 0;
}
