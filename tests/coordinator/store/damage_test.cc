// Files that rotted: one byte of any file is another one. What is read is what was written, or an
// error that names what is damaged; never something else, and never the end of the process.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <random>
#include <set>

#include "coordinator/store/acknowledged.h"
#include "coordinator/store/log_check.h"
#include "coordinator/store/log_file.h"
#include "tests/coordinator/store/saved_swarm.h"

namespace swarmlab::store {
namespace {

namespace fs = std::filesystem;

// Shared by all tests of the file: it is made once, with tables, logs and packs in it.
class Damage : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<Folder>();
    SavedSwarm swarm(original());
    swarm.start();
    for (int big = 0; big < 36; ++big) swarm.run(1U << 20U);  // more than logs may have: tables
    swarm.tidy();
    for (int small = 0; small < 10; ++small) swarm.run();  // in the log, in packs of their own
    swarm.close_refs();
    contents_ = must(read_all(swarm.store(), swarm.objects()));
    our_refs_ = our_refs(original());
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static fs::path original() { return folder_->path() / "original"; }

  // Tables and packs are linked: only what is written in place, or is to be damaged, is copied.
  static fs::path copy_of_it(const fs::path& to) {
    fs::remove_all(to);
    fs::create_directories(to);
    for (const auto& entry : fs::recursive_directory_iterator(original())) {
      const fs::path target = to / entry.path().lexically_relative(original());
      if (entry.is_directory()) {
        fs::create_directories(target);
      } else if (entry.path().extension() == ".sst" || entry.path().extension() == ".pack" ||
                 entry.path().extension() == ".idx") {
        fs::create_hard_link(entry.path(), target);
      } else {
        fs::copy_file(entry.path(), target);
      }
    }
    fs::remove(to / "store.pid");
    return to;
  }

  static std::string read(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  // A flip within a name may leave a ref of another name besides: of nobody, as others' are.
  static std::set<std::string> our_refs(const fs::path& folder) {
    std::ifstream stream(folder / "objects.git/packed-refs", std::ios::binary);
    std::set<std::string> refs;
    for (std::string line; std::getline(stream, line);) {
      if (line.find(" refs/swarmlab/") == 40) refs.insert(line);
    }
    return refs;
  }

  static void flip(const fs::path& file, std::size_t at, unsigned mask) {
    std::string bytes = read(file);
    bytes.at(at) = static_cast<char>(static_cast<unsigned char>(bytes.at(at)) ^ mask);
    fs::remove(file);  // it may be a link
    std::ofstream(file, std::ios::binary) << bytes;
  }

  static std::vector<fs::path> files_with(const fs::path& folder, std::string_view part) {
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      const std::string name = entry.path().filename().string();
      if (entry.is_regular_file() && entry.file_size() > 0 &&
          name.find(part) != std::string::npos && !name.starts_with("LOG")) {
        found.push_back(entry.path());
      }
    }
    std::ranges::sort(found);
    return found;
  }

  static Result<Contents> open_and_read(const fs::path& folder) {
    SWARMLAB_TRY(store, Store::open(folder / "store", small_options()));
    SWARMLAB_TRY(objects, Objects::open(folder / "objects.git"));
    SWARMLAB_TRY(contents, read_all(store, objects));
    SWARMLAB_TRY(refs, Refs::open(folder / "objects.git"));
    SWARMLAB_CHECK(refs.follow(store, contents.state));
    SWARMLAB_CHECK(refs.flush());
    if (our_refs(folder) != our_refs_) return fail(ErrorCode::internal, "the refs are others");
    return std::move(contents);
  }

  inline static std::unique_ptr<Folder> folder_;
  inline static Contents contents_;
  inline static std::set<std::string> our_refs_;
};

// SWARMLAB_FLIPS: how many of each kind; scripts/faults.sh asks for more, and for others.
int flips_of_each_kind() {
  const char* wish = std::getenv("SWARMLAB_FLIPS");
  return wish == nullptr ? 3 : std::atoi(wish);
}

TEST_F(Damage, OfOneByteIsDetectedAndNamedOrHarmless) {
  std::mt19937_64 random(seed_wished_for());
  std::map<std::string, std::pair<int, int>> found;  // detected, harmless
  for (const char* kind : {".log", ".sst", "MANIFEST", "CURRENT", "OPTIONS", "IDENTITY",
                           "ACKNOWLEDGED", ".pack", ".idx", "packed-refs", "swarmlab-refs"}) {
    const auto files = files_with(original(), kind);
    ASSERT_FALSE(files.empty()) << kind;
    for (int turn = 0; turn < flips_of_each_kind(); ++turn) {
      const fs::path copy = copy_of_it(folder_->path() / "copy");
      const fs::path file = copy / files.at(random() % files.size()).lexically_relative(original());
      const std::size_t at = random() % fs::file_size(file);
      const unsigned mask = 1U + static_cast<unsigned>(random() % 255U);
      SCOPED_TRACE(fmt::format("{} byte {} xor {:#x}", file.string(), at, mask));
      flip(file, at, mask);
      const auto read = open_and_read(copy);
      if (read) {
        ++found[kind].second;
        EXPECT_TRUE(*read == contents_) << "a wrong answer";
        continue;
      }
      ++found[kind].first;
      const Error& error = read.error();
      EXPECT_NE(error.code, ErrorCode::not_found) << error.message;
      EXPECT_NE(error.message.find(copy.string()), std::string::npos) << error.message;
    }
  }
  for (const auto& [kind, count] : found) {
    std::cout << fmt::format("{:>14}: {} detected, {} harmless\n", kind, count.first, count.second);
  }
}

TEST_F(Damage, InTheMiddleOfALogIsNamedAndNothingIsDropped) {
  const fs::path copy = copy_of_it(folder_->path() / "copy");
  const fs::path log = files_with(copy / "store", ".log").back();
  flip(log, 20, 0x10);
  const auto refused = Store::open(copy / "store", small_options());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::corrupt);
  EXPECT_EQ(refused.error().message,
            fmt::format("store at {}: {} is damaged at byte 0; restore a backup (swarmlab restore)",
                        (copy / "store").string(), log.string()));
  const auto to_read = Store::open_read_only(copy / "store", small_options());
  ASSERT_FALSE(to_read);
  EXPECT_EQ(to_read.error().message, refused.error().message);
}

TEST_F(Damage, InTheLastRecordOfALogIsKnownByWhatWasAcknowledged) {
  const fs::path copy = copy_of_it(folder_->path() / "copy");
  const fs::path log = files_with(copy / "store", ".log").back();
  flip(log, fs::file_size(log) - 3, 0x10);
  const auto refused = Store::open(copy / "store", small_options());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::corrupt);
  EXPECT_NE(refused.error().message.find("were acknowledged, only"), std::string::npos)
      << refused.error().message;
  // Who accepts the loss may say so.
  fs::remove(copy / "store" / kAcknowledgedFile);
  const Store store = open_store(copy / "store");
  EXPECT_TRUE(store.load()->same_facts(*store.replay()));
  EXPECT_LT(store.last_sequence(), contents_.events.back().sequence);
}

TEST_F(Damage, ALogThatWasCutOffIsKnownByWhatWasAcknowledged) {
  const fs::path copy = copy_of_it(folder_->path() / "copy");
  const fs::path log = files_with(copy / "store", ".log").back();
  fs::resize_file(log, fs::file_size(log) / 2);
  EXPECT_EQ(Store::open(copy / "store", small_options()).error().code, ErrorCode::corrupt);
}

TEST_F(Damage, ARecordThatACrashToreWasNeverAcknowledgedAndIsDropped) {
  const fs::path copy = copy_of_it(folder_->path() / "copy");
  Sequence before;
  fs::path log;
  std::uintmax_t size = 0;
  {
    Store store = open_store(copy / "store");
    StoredSwarm swarm(store);
    swarm.state = *store.load();
    log = files_with(copy / "store", ".log").back();
    before = store.last_sequence();
    size = fs::file_size(log);
    swarm.open(swarm::settings_named("other"));
    ASSERT_TRUE(swarm.commit());
    log = files_with(copy / "store", ".log").back();
  }
  // As the power leaves it when it goes within the write: neither whole nor noted.
  fs::resize_file(log, fs::file_size(log) - 5);
  ASSERT_TRUE(Acknowledged::open(copy / "store", nullptr, before));
  {
    Store store = open_store(copy / "store");
    EXPECT_EQ(store.last_sequence(), before);
    StoredSwarm swarm(store);
    swarm.state = *store.load();
    swarm.open(swarm::settings_named("third"));
    ASSERT_TRUE(swarm.commit());
  }
  // The torn one is in the middle now, between two logs: that is no damage.
  const Store store = open_store(copy / "store");
  EXPECT_TRUE(store.load()->same_facts(*store.replay()));
  EXPECT_GT(store.last_sequence(), before);
  EXPECT_GE(size, 0U);
}

TEST_F(Damage, OfAnIndexIsNamedWithTheWayToMakeItAnew) {
  const fs::path copy = copy_of_it(folder_->path() / "copy");
  const fs::path index = files_with(copy / "objects.git", ".idx").front();
  flip(index, 1100, 1);
  const auto refused = Objects::open(copy / "objects.git");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::corrupt);
  EXPECT_NE(refused.error().message.find(index.lexically_normal().string() +
                                         " is damaged; make it anew by: git "),
            std::string::npos)
      << refused.error().message;
}

// libgit2 would take all that is in it for missing.
TEST_F(Damage, OfWhatAPackBeginsAndEndsWithIsNamed) {
  const fs::path sound = copy_of_it(folder_->path() / "sound");
  const auto size = fs::file_size(files_with(sound / "objects.git", ".pack").front());
  for (const std::uintmax_t place : {std::uintmax_t{3}, std::uintmax_t{10}, size - 5}) {
    const fs::path copy = copy_of_it(folder_->path() / fmt::format("copy{}", place));
    const fs::path pack = files_with(copy / "objects.git", ".pack").front();
    flip(pack, place, 1);
    const auto refused = Objects::open(copy / "objects.git");
    ASSERT_FALSE(refused) << place;
    EXPECT_EQ(refused.error().code, ErrorCode::corrupt);
    EXPECT_NE(refused.error().message.find(pack.lexically_normal().string() + " is damaged"),
              std::string::npos)
        << refused.error().message;
  }
}

// As RocksDB writes it. \param kind  1 full, 2 first, 4 last
std::string log_fragment(char kind, const std::string& payload) {
  const auto bytes_of = [](std::uint64_t number, int count) {
    std::string bytes;
    for (int i = 0; i < count; ++i) bytes += static_cast<char>(number >> (8 * i));
    return bytes;
  };
  const std::uint32_t crc = crc32c(kind + payload);
  const std::uint32_t masked = ((crc >> 15U) | (crc << 17U)) + 0xa282ead8U;
  return bytes_of(masked, 4) + bytes_of(payload.size(), 2) + kind + payload;
}

// Its first fragment has no room for all that says which numbers it has.
TEST(LogFile, KnowsTheNumbersOfARecordThatBeginsAtTheEndOfABlock) {
  std::string before(32768 - 7 - 12, 'x');
  before.replace(0, 12, std::string("\1\0\0\0\0\0\0\0\1\0\0\0", 12));
  const std::string record = std::string("\2\0\0\0\0\0\0\0\3\0\0\0", 12) + "what it says";
  const LogScan scan = scan_log(log_fragment(1, before) + log_fragment(2, record.substr(0, 5)) +
                                log_fragment(4, record.substr(5)));
  EXPECT_FALSE(scan.bad_at);
  EXPECT_EQ(scan.first_number, 1U);
  EXPECT_EQ(scan.next_number, 5U);
}

TEST(LogFile, HasTheChecksumThatRocksDbHas) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
  EXPECT_EQ(crc32c(""), 0U);
}

}  // namespace
}  // namespace swarmlab::store
