#include "common/model/sketch.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <map>
#include <vector>

namespace swarmlab {
namespace {

using Hash = std::uint64_t;

constexpr std::size_t kHashBytes = 8;

// FNV-1a, then SplitMix64's finisher: the lowest hashes must be a fair draw.
Hash hash_of(std::string_view path, char sign, std::string_view line, std::uint64_t occurrence) {
  Hash hash = 0xcbf29ce484222325ULL;
  const auto take = [&hash](unsigned char byte) { hash = (hash ^ byte) * 0x100000001b3ULL; };
  for (const char c : path) take(static_cast<unsigned char>(c));
  take(0);
  take(static_cast<unsigned char>(sign));
  for (const char c : line) take(static_cast<unsigned char>(c));
  hash += occurrence * 0x9e3779b97f4a7c15ULL;
  hash = (hash ^ (hash >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  hash = (hash ^ (hash >> 27U)) * 0x94d049bb133111ebULL;
  return hash ^ (hash >> 31U);
}

std::string without_space(std::string_view line) {
  std::string text;
  for (const char c : line) {
    if (c != ' ' && c != '\t' && c != '\r' && c != '\f' && c != '\v') text += c;
  }
  return text;
}

// Only what begins a comment in some language and nothing else in any that we know of: "#" with a
// space after it, as #include and #define are none.
bool is_comment(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return true;
  line.remove_prefix(begin);
  for (const std::string_view mark : {"//", "/*", "*/", "<!--", "# ", "* ", "-- ", ";; "}) {
    if (line.starts_with(mark)) return true;
  }
  return line == "#" || line == "*" || line == "--";
}

struct Line {
  std::string_view path;
  char sign = '+';
  std::string_view text;
};

// The number after `mark` and perhaps a comma: of "@@ -1,7 +1,9 @@" how many lines it has.
std::uint64_t lines_after(std::string_view header, char mark) {
  std::size_t at = header.find(mark);
  if (at == std::string_view::npos) return 0;
  const std::size_t end = std::min(header.find(' ', at), header.size());
  const std::string_view range = header.substr(at + 1, end - at - 1);
  const std::size_t comma = range.find(',');
  if (comma == std::string_view::npos) return 1;
  std::uint64_t lines = 0;
  std::from_chars(range.data() + comma + 1, range.data() + range.size(), lines);
  return lines;
}

// Reads a diff line by line. What stands within a hunk is told by its header alone: a removed line
// may look like one.
class DiffReader {
 public:
  // False: there is something that has no lines, or the diff was cut.
  bool read(std::string_view diff) {
    while (!diff.empty()) {
      const std::size_t end = std::min(diff.find('\n'), diff.size());
      if (!take(diff.substr(0, end))) return false;
      diff.remove_prefix(std::min(end + 1, diff.size()));
    }
    return removed_ == 0 && added_ == 0;
  }
  [[nodiscard]] const std::vector<Line>& lines() const { return lines_; }

 private:
  bool take(std::string_view line) {
    if (removed_ > 0 || added_ > 0) return take_in_hunk(line);
    if (line.starts_with("Binary files ") || line.starts_with("GIT binary patch")) return false;
    if (line.starts_with("--- a/")) path_ = line.substr(6);
    if (line.starts_with("+++ b/")) path_ = line.substr(6);
    if (line.starts_with("@@ ")) {
      removed_ = lines_after(line.substr(3), '-');
      added_ = lines_after(line.substr(3), '+');
    }
    return true;
  }

  bool take_in_hunk(std::string_view line) {
    const char sign = line.empty() ? ' ' : line.front();
    if (sign == '\\') return true;  // "No newline at end of file"
    if (sign != '+' && sign != '-' && sign != ' ') return false;
    if (sign != '+' && removed_ > 0) --removed_;
    if (sign != '-' && added_ > 0) --added_;
    if (sign != ' ') lines_.push_back({.path = path_, .sign = sign, .text = line.substr(1)});
    return true;
  }

  std::string_view path_;
  std::uint64_t removed_ = 0;  // lines of the hunk that are still to come
  std::uint64_t added_ = 0;
  std::vector<Line> lines_;
};

std::vector<Hash> hashes_of(const std::vector<Line>& lines, bool with_comments) {
  std::map<Hash, std::uint64_t> times;
  std::vector<Hash> hashes;
  for (const Line& line : lines) {
    if (!with_comments && is_comment(line.text)) continue;
    const std::string text = without_space(line.text);
    if (text.empty()) continue;
    const std::uint64_t before = times[hash_of(line.path, line.sign, text, 0)]++;
    hashes.push_back(hash_of(line.path, line.sign, text, before));
  }
  std::ranges::sort(hashes);
  hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
  return hashes;
}

// In one load: some thousands are compared for one candidate.
Hash hash_at(std::string_view sketch, std::size_t place) {
  Hash hash = 0;
  std::memcpy(&hash, sketch.data() + place * kHashBytes, kHashBytes);
  if constexpr (std::endian::native == std::endian::little) hash = __builtin_bswap64(hash);
  return hash;
}

}  // namespace

std::string sketch_of(std::string_view diff) {
  DiffReader reader;
  if (!reader.read(diff)) return {};
  std::vector<Hash> hashes = hashes_of(reader.lines(), false);
  if (hashes.empty()) hashes = hashes_of(reader.lines(), true);  // comments are all there is
  if (hashes.size() > kSketchHashes) hashes.resize(kSketchHashes);
  std::string sketch;
  for (const Hash hash : hashes) {
    for (std::size_t i = kHashBytes; i-- > 0;) {
      sketch += static_cast<char>((hash >> (8 * i)) & 0xffU);
    }
  }
  return sketch;
}

bool is_sketch(std::string_view bytes) {
  if (bytes.empty() || bytes.size() > kSketchBytes || bytes.size() % kHashBytes != 0) return false;
  for (std::size_t i = 1; i < bytes.size() / kHashBytes; ++i) {
    if (hash_at(bytes, i - 1) >= hash_at(bytes, i)) return false;
  }
  return true;
}

double similarity_of(std::string_view one, std::string_view other) {
  const std::size_t ones = one.size() / kHashBytes;
  const std::size_t others = other.size() / kHashBytes;
  std::size_t i = 0;
  std::size_t j = 0;
  std::size_t all = 0;
  std::size_t both = 0;
  // The smallest of the union: what is beyond the end of a full sketch is not known.
  while (all < kSketchHashes && (i < ones || j < others)) {
    if (i == ones && ones == kSketchHashes) break;
    if (j == others && others == kSketchHashes) break;
    ++all;
    if (j == others || (i < ones && hash_at(one, i) < hash_at(other, j))) {
      ++i;
    } else if (i == ones || hash_at(other, j) < hash_at(one, i)) {
      ++j;
    } else {
      ++both, ++i, ++j;
    }
  }
  return all == 0 ? 0.0 : static_cast<double>(both) / static_cast<double>(all);
}

}  // namespace swarmlab
