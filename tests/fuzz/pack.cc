// Packs from workers: taken in whole, or refused, within the limits. An input is a pack as it is,
// or (first byte odd) a list of objects from which one is made: else no mutation would get past
// zlib.
#include "common/git/pack.h"

#include <filesystem>

#include "common/git/library.h"
#include "common/git/pack_reader.h"
#include "common/os/file.h"
#include "tests/common/git/raw_pack.h"
#include "tests/fuzz/bytes.h"

namespace swarmlab::git {
namespace {

constexpr std::uint64_t kMost = 1U << 20U;

std::string pack_of(fuzz::Bytes& input) {
  RawPack pack;
  for (int objects = input.below(12); objects > 0; --objects) {
    const auto how = input.number();
    const std::string bytes = input.text(input.number());
    const std::uint64_t claimed = how % 7 == 0 ? input.large() % (4 * kMost) : bytes.size();
    const int type = how / 7 % 8;
    std::string base;
    if (type == 6) base = RawPack::size_of(input.number());
    if (type == 7) base = input.text(20);
    pack.add_raw(type, claimed, base, bytes);
  }
  if (input.number() % 16 == 0) pack.claim_objects(static_cast<std::uint32_t>(input.large()));
  return pack.bytes();
}

// One for all inputs: what is refused changes nothing, what is taken in is never committed.
struct Place {
  Library library{{.fsync = false}};
  TempFolder folder = *TempFolder::create(std::filesystem::temp_directory_path().string(), "pack");
  Repository repository = *Repository::init_bare(folder.path() + "/objects.git");
};

}  // namespace
}  // namespace swarmlab::git

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace swarmlab::git;
  static Place place;
  swarmlab::fuzz::Bytes input({data, size});
  const bool made = input.number() % 2 == 1;
  const std::string pack = made ? pack_of(input) : input.rest();
  const PackLimits limits{.max_pack_bytes = kMost,
                          .max_objects = 1000,
                          .max_object_bytes = kMost,
                          .max_total_bytes = kMost};
  const auto objects = read_pack(pack, limits);
  if (!objects) return 0;
  std::uint64_t total = 0;
  for (const PackedObject& object : *objects) {
    total += object.bytes.size();
    if (object.kind != ObjectKind::commit) continue;
    PackIngest ingest(place.repository, limits);
    static_cast<void>(ingest.add(pack, object.id));
  }
  swarmlab::fuzz::hold(total <= kMost, "a pack is not larger than its limits");
  return 0;
}
