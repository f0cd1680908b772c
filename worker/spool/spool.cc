#include "worker/spool/spool.h"

#include <algorithm>
#include <filesystem>
#include <span>
#include <string_view>
#include <system_error>
#include <tuple>

#include "common/os/fail_point.h"
#include "common/os/file.h"
#include "common/wire/records.h"

namespace swarmlab::worker {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "swarmlab report 1\n";
constexpr std::string_view kMagicOfTwo = "swarmlab report 2\n";  // its pack is a file of its own
constexpr std::uint64_t kLeastFree = 16ULL << 20U;
constexpr std::uint64_t kMaxBytes = 2ULL << 30U;
constexpr std::string_view kEnding = ".report";
constexpr std::string_view kPackEnding = ".pack";
constexpr std::string_view kUnfinished = ".report.tmp-";  // as write_file_durably() begins them

// FNV-1a: finds torn and rotten files; nobody forges a file in our own folder.
std::uint64_t checksum(std::string_view bytes) {
  std::uint64_t sum = 14695981039346656037ULL;
  for (const char c : bytes) sum = (sum ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return sum;
}

void append(std::string& bytes, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<char>((number >> static_cast<unsigned>(shift)) & 0xffU));
}

void append(std::string& bytes, std::string_view part) {
  append(bytes, static_cast<std::uint64_t>(part.size()));
  bytes.append(part);
}

bool take(std::string_view& bytes, std::uint64_t& number) {
  if (bytes.size() < 8) return false;
  number = 0;
  for (int i = 0; i < 8; ++i)
    number = (number << 8U) | static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
  bytes.remove_prefix(8);
  return true;
}

bool take(std::string_view& bytes, std::string_view& part) {
  std::uint64_t size = 0;
  if (!take(bytes, size) || size > bytes.size()) return false;
  part = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return true;
}

// The same path with another ending.
std::string beside(const std::string& path, std::string_view ending, std::string_view other) {
  return path.substr(0, path.size() - ending.size()) + std::string(other);
}

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string to_file(const SpooledReport& spooled, std::uint64_t pack_file_bytes) {
  const bool has_file = !spooled.pack_file.empty();
  std::string parts;
  append(parts, std::string_view(wire::to_bytes(spooled.report)));
  append(parts, std::string_view(wire::to_bytes(spooled.attachments)));
  append(parts, std::string_view(spooled.pack));
  if (has_file) append(parts, pack_file_bytes);
  std::string file(has_file ? kMagicOfTwo : kMagic);
  append(file, checksum(parts));
  return file + parts;
}

// `beside`: where the file of its pack is, if it has one.
Result<SpooledReport> from_file(std::string_view file, const std::string& beside) {
  std::uint64_t sum = 0;
  std::string_view report;
  std::string_view attachments;
  std::string_view pack;
  const bool has_file = file.starts_with(kMagicOfTwo);
  if (!has_file && !file.starts_with(kMagic))
    return fail(ErrorCode::corrupt, "it does not begin as a report does");
  file.remove_prefix(kMagic.size());
  if (!take(file, sum) || sum != checksum(file) || !take(file, report) ||
      !take(file, attachments) || !take(file, pack))
    return fail(ErrorCode::corrupt, "it is torn: its checksum does not hold");
  SWARMLAB_TRY(report_read, wire::report_from(as_bytes(report)));
  SWARMLAB_TRY(attachments_read, wire::attachments_from(as_bytes(attachments)));
  SpooledReport spooled{report_read, attachments_read, std::string(pack)};
  if (!has_file) return spooled;
  std::uint64_t size = 0;
  std::error_code error;
  if (!take(file, size) || fs::file_size(beside, error) != size || error) {
    return fail(ErrorCode::corrupt, "its pack {} is not there as it was", beside);
  }
  spooled.pack_file = beside;
  return spooled;
}

}  // namespace

Result<Spool> Spool::open(std::string folder, Files& files) {
  SWARMLAB_CHECK(files.make_folders(folder));
  SWARMLAB_TRY(paths, files.list(folder));
  for (const std::string& path : paths) {
    // Of a put() that was killed, or an attempt that was before it.
    const bool is_alone = path.ends_with(kPackEnding) &&
                          !std::ranges::binary_search(paths, beside(path, kPackEnding, kEnding));
    const bool is_unfinished = path.find(kUnfinished) != std::string::npos;
    if (is_alone || is_unfinished) std::ignore = files.remove(path);
  }
  return Spool(std::move(folder), files);
}

bool Spool::has_reports(const std::string& folder) {
  const auto paths = system_files().list(folder);
  const auto is_report = [](const std::string& path) { return path.ends_with(kEnding); };
  return paths && std::ranges::any_of(*paths, is_report);
}

std::string Spool::path_of(TaskId task, FencingToken token) const {
  return fmt::format("{}/{}-{}{}", folder_, task.value(), token.value(), kEnding);
}

Spool::Backlog Spool::backlog(const std::string& folder) {
  Backlog backlog;
  const auto now = fs::file_time_type::clock::now();
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (!at->path().native().ends_with(kEnding)) continue;
    std::error_code gone;
    const auto written = at->last_write_time(gone);
    if (gone) continue;  // it was acknowledged meanwhile
    backlog.reports += 1;
    backlog.oldest =
        std::max(backlog.oldest, std::chrono::duration_cast<Milliseconds>(now - written));
  }
  return backlog;
}

std::string Spool::pack_file(const std::string& folder, TaskId task, FencingToken token) {
  return fmt::format("{}/{}-{}{}", folder, task.value(), token.value(), kPackEnding);
}

Result<void> Spool::has_room() const {
  SWARMLAB_TRY(free, files_->free_bytes(folder_));
  if (free >= kLeastFree) return {};
  return fail(ErrorCode::unavailable, "{}: {} MB free, expected {} MB or more", folder_,
              free >> 20U, kLeastFree >> 20U);
}

Result<void> Spool::put(const SpooledReport& spooled) const {
  fail_point(FailPoint::spool_before);
  std::uint64_t bytes = 0;
  if (!spooled.pack_file.empty()) {
    std::error_code error;
    bytes = fs::file_size(spooled.pack_file, error);
    if (error) return fail(ErrorCode::internal, "{}: {}", spooled.pack_file, error.message());
    SWARMLAB_CHECK(sync_file(spooled.pack_file));  // its name is synced with the report's
  }
  SWARMLAB_CHECK(files_->write_durably(path_of(spooled.report.task, spooled.report.token),
                                       to_file(spooled, bytes)));
  fail_point(FailPoint::spool_after);
  return {};
}

// The report first: a pack alone is nothing, and goes when the spool is opened.
Result<void> Spool::remove(TaskId task, FencingToken token) const {
  fail_point(FailPoint::spool_before_remove);
  SWARMLAB_CHECK(files_->remove(path_of(task, token)));
  std::error_code ignored;
  fs::remove(pack_file(folder_, task, token), ignored);
  return {};
}

Result<Spool::Contents> Spool::read_all() const {
  auto paths = files_->list(folder_);
  if (!paths) return fail(ErrorCode::unavailable, "spool {}", paths.error().message);
  Contents contents;
  for (const std::string& path : *paths) {
    if (!path.ends_with(kEnding)) continue;
    SWARMLAB_TRY(file, files_->read(path, kMaxBytes));
    Result<SpooledReport> spooled = from_file(file, beside(path, kEnding, kPackEnding));
    if (spooled) {
      contents.reports.push_back(*std::move(spooled));
      continue;
    }
    std::ignore = files_->rename(path, path + ".broken");
    contents.broken.push_back(path + ": " + spooled.error().message);
  }
  return contents;
}

}  // namespace swarmlab::worker
