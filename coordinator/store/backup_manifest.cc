#include "coordinator/store/backup_manifest.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <utility>

#include "common/os/file.h"
#include "common/os/sha256.h"

namespace swarmlab::store {

namespace {

constexpr std::uint64_t kMaxBytes = 1ULL << 30U;
constexpr std::string_view kFirstLine = "swarmlab backup 1";
constexpr std::string_view kEnd = "end ";

tl::unexpected<Error> broken(std::string_view what) {
  return fail(ErrorCode::corrupt, "{}: {}; use another backup", kManifestFile, what);
}

// The words of a line; the last one may hold spaces.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) {}
  std::string_view word() {
    const std::size_t space = std::min(rest_.find(' '), rest_.size());
    const std::string_view found = rest_.substr(0, space);
    rest_.remove_prefix(std::min(space + 1, rest_.size()));
    return found;
  }
  std::optional<std::uint64_t> number() {
    const std::string_view text = word();
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || rest != end) return std::nullopt;
    return value;
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// A name leads nowhere but into the backup.
bool is_inside(std::string_view name) {
  if (name.empty() || name.front() == '/') return false;
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t end = std::min(name.find('/', at), name.size());
    const std::string_view part = name.substr(at, end - at);
    if (part.empty() || part == "." || part == "..") return false;
    at = end + 1;
  }
  return true;
}

bool take_file(Words words, BackupManifest& manifest) {
  BackedUpFile file;
  const auto bytes = words.number();
  file.sha256 = words.word();
  file.original = words.word();
  const std::string_view name = words.rest();
  if (!bytes || !is_inside(name)) return false;
  file.bytes = *bytes;
  return manifest.files.emplace(name, std::move(file)).second;
}

bool take_line(std::string_view line, BackupManifest& manifest) {
  Words words(line);
  const std::string_view key = words.word();
  if (key == "file") return take_file(words, manifest);
  if (key == "version") {
    manifest.info.version = words.rest();
    return true;
  }
  if (key == "path") {
    manifest.info.path = words.rest();
    return true;
  }
  const auto number = words.number();
  if (!number) return false;
  if (key == "schema") manifest.info.schema = static_cast<std::uint32_t>(*number);
  if (key == "sequence") manifest.info.sequence = Sequence(*number);
  if (key == "taken-ms") {
    manifest.info.taken = Timestamp(Milliseconds(static_cast<std::int64_t>(*number)));
  }
  if (key == "took-ms") manifest.info.took = Milliseconds(static_cast<std::int64_t>(*number));
  if (key == "files") manifest.info.files = *number;
  if (key == "bytes") manifest.info.bytes = *number;
  if (key == "copied-bytes") manifest.info.copied_bytes = *number;
  return true;  // what else there is, later releases know
}

}  // namespace

std::string to_text(const BackupManifest& manifest) {
  const BackupInfo& info = manifest.info;
  std::string text = fmt::format(
      "{}\nversion {}\npath {}\nschema {}\nsequence {}\ntaken-ms {}\ntook-ms {}\nfiles {}\n"
      "bytes {}\ncopied-bytes {}\n",
      kFirstLine, info.version, info.path.string(), info.schema, info.sequence.value(),
      info.taken.time_since_epoch().count(), info.took.count(), info.files, info.bytes,
      info.copied_bytes);
  for (const auto& [name, file] : manifest.files) {
    text += fmt::format("file {} {} {} {}\n", file.bytes, file.sha256, file.original, name);
  }
  return text + fmt::format("{}{}\n", kEnd, sha256_hex(text));
}

Result<BackupManifest> manifest_from(std::string_view text) {
  constexpr std::size_t kEndBytes = kEnd.size() + 64 + 1;
  if (text.size() < kEndBytes) return broken("is cut off");
  const std::string_view body = text.substr(0, text.size() - kEndBytes);
  if (text.substr(body.size()) != fmt::format("{}{}\n", kEnd, sha256_hex(body))) {
    return broken("is damaged");
  }
  BackupManifest manifest;
  bool first = true;
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t end = body.find('\n', at);
    const std::string_view line = body.substr(at, end - at);
    if (first && line != kFirstLine) {
      return fail(ErrorCode::invalid_input, "{} begins with \"{}\", expected \"{}\"", kManifestFile,
                  line, kFirstLine);
    }
    if (!first && !take_line(line, manifest)) return broken("has a line that makes no sense");
    first = false;
    at = end + 1;
  }
  return manifest;
}

Result<BackupManifest> read_manifest(const std::filesystem::path& backup) {
  const auto text = read_file((backup / kManifestFile).string(), kMaxBytes);
  if (!text) {
    if (text.error().code != ErrorCode::not_found) return tl::unexpected(text.error());
    return fail(ErrorCode::not_found, "{} is no backup: it has no file {}", backup.string(),
                kManifestFile);
  }
  auto manifest = manifest_from(*text);
  if (!manifest) return within(backup.string(), manifest.error());
  return manifest;
}

}  // namespace swarmlab::store
