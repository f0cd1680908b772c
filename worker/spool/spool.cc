#include "worker/spool/spool.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <tuple>

#include "common/wire/records.h"

namespace swarmlab::worker {
namespace {

constexpr std::string_view kMagic = "swarmlab report 1\n";
constexpr std::uint64_t kMaxBytes = 2ULL << 30U;
constexpr std::string_view kEnding = ".report";
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

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string to_file(const SpooledReport& spooled) {
  std::string parts;
  append(parts, std::string_view(wire::to_bytes(spooled.report)));
  append(parts, std::string_view(wire::to_bytes(spooled.attachments)));
  append(parts, std::string_view(spooled.pack));
  std::string file(kMagic);
  append(file, checksum(parts));
  return file + parts;
}

Result<SpooledReport> from_file(std::string_view file) {
  std::uint64_t sum = 0;
  std::string_view report;
  std::string_view attachments;
  std::string_view pack;
  if (!file.starts_with(kMagic))
    return fail(ErrorCode::corrupt, "it does not begin as a report does");
  file.remove_prefix(kMagic.size());
  if (!take(file, sum) || sum != checksum(file) || !take(file, report) ||
      !take(file, attachments) || !take(file, pack))
    return fail(ErrorCode::corrupt, "it is torn: its checksum does not hold");
  SWARMLAB_TRY(report_read, wire::report_from(as_bytes(report)));
  SWARMLAB_TRY(attachments_read, wire::attachments_from(as_bytes(attachments)));
  return SpooledReport{report_read, attachments_read, std::string(pack)};
}

}  // namespace

Result<Spool> Spool::open(std::string folder, Files& files) {
  SWARMLAB_CHECK(files.make_folders(folder));
  SWARMLAB_TRY(paths, files.list(folder));
  for (const std::string& path : paths) {
    if (path.find(kUnfinished) != std::string::npos) std::ignore = files.remove(path);
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

Result<void> Spool::put(const SpooledReport& spooled) const {
  return files_->write_durably(path_of(spooled.report.task, spooled.report.token),
                               to_file(spooled));
}

Result<void> Spool::remove(TaskId task, FencingToken token) const {
  return files_->remove(path_of(task, token));
}

Result<Spool::Contents> Spool::read_all() const {
  auto paths = files_->list(folder_);
  if (!paths) return fail(ErrorCode::unavailable, "spool {}", paths.error().message);
  Contents contents;
  for (const std::string& path : *paths) {
    if (!path.ends_with(kEnding)) continue;
    SWARMLAB_TRY(file, files_->read(path, kMaxBytes));
    Result<SpooledReport> spooled = from_file(file);
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
