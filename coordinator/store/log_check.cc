#include "coordinator/store/log_check.h"

#include <rocksdb/env.h>

#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/store/log_file.h"

namespace swarmlab::store {

namespace {

namespace fs = std::filesystem;

constexpr const char* kWhatToDo = "restore a backup (swarmlab restore)";

Result<std::string> content_of(const fs::path& file, rocksdb::Env* env) {
  std::string bytes;
  const rocksdb::Status status = rocksdb::ReadFileToString(env, file.string(), &bytes);
  if (!status.ok()) {
    return fail(ErrorCode::unavailable, "{} cannot be read: {}", file.string(), status.ToString());
  }
  return bytes;
}

tl::unexpected<Error> damaged(const fs::path& file, std::size_t at) {
  return fail(ErrorCode::corrupt, "{} is damaged at byte {}; {}", file.string(), at, kWhatToDo);
}

// By number, which is their order.
Result<std::map<std::uint64_t, fs::path>> logs_in(const fs::path& folder, rocksdb::Env* env) {
  std::vector<std::string> names;
  const rocksdb::Status status = env->GetChildren(folder.string(), &names);
  if (!status.ok()) return fail(ErrorCode::unavailable, "cannot be listed: {}", status.ToString());
  std::map<std::uint64_t, fs::path> logs;
  for (const std::string& name : names) {
    std::uint64_t number = 0;
    const char* const end = name.data() + name.size();
    const auto [rest, error] = std::from_chars(name.data(), end, number);
    if (error == std::errc() && std::string_view(rest) == ".log") {
      logs.emplace(number, folder / name);
    }
  }
  return logs;
}

Result<void> check_write_ahead_logs(const fs::path& folder, rocksdb::Env* env) {
  SWARMLAB_TRY(logs, logs_in(folder, env));
  std::optional<std::uint64_t> expected;  // after what is known of the logs before
  fs::path before;
  std::optional<std::size_t> bad_before;
  for (const auto& [number, file] : logs) {
    SWARMLAB_TRY(bytes, content_of(file, env));
    const LogScan scan = scan_log(bytes);
    if (scan.bad_at && (scan.goes_on || scan.length_changed)) return damaged(file, *scan.bad_at);
    if (bad_before && expected && scan.first_number && *scan.first_number > *expected) {
      return damaged(before, *bad_before);
    }
    if (scan.next_number) expected = scan.next_number;
    if (scan.first_number || scan.bad_at) {
      before = file;
      bad_before = scan.bad_at;
    }
  }
  return {};
}

// RocksDB itself says what is wrong with it, unless the damage looks like a torn end.
Result<void> check_manifest(const fs::path& folder, rocksdb::Env* env) {
  SWARMLAB_TRY(current, content_of(folder / "CURRENT", env));
  const fs::path manifest = folder / current.substr(0, current.find('\n'));
  if (!env->FileExists(manifest.string()).ok()) {
    return fail(ErrorCode::corrupt, "{} names {}, which is not there; {}",
                (folder / "CURRENT").string(), manifest.filename().string(), kWhatToDo);
  }
  SWARMLAB_TRY(bytes, content_of(manifest, env));
  const LogScan scan = scan_log(bytes);
  if (scan.bad_at && (scan.goes_on || scan.length_changed)) return damaged(manifest, *scan.bad_at);
  return {};
}

}  // namespace

Result<void> check_logs(const fs::path& folder, rocksdb::Env* env) {
  if (env == nullptr) env = rocksdb::Env::Default();
  SWARMLAB_CHECK(check_manifest(folder, env));
  return check_write_ahead_logs(folder, env);
}

}  // namespace swarmlab::store
