#include "coordinator/store/acknowledged.h"

#include <fmt/format.h>
#include <rocksdb/env.h>

#include <charconv>
#include <string>
#include <utility>

#include "coordinator/store/log_file.h"

namespace swarmlab::store {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNumberDigits = 20;
constexpr std::string_view kBegin = "acknowledged ";

// One line of always the same length, so that it is one write within one sector.
std::string line_of(Sequence last) {
  std::string line = fmt::format("{}{:0{}} ", kBegin, last.value(), kNumberDigits);
  return fmt::format("{}{:08x}\n", line, crc32c(line));
}

rocksdb::Env* env_of(rocksdb::Env* env) {
  return env == nullptr ? rocksdb::Env::Default() : env;
}

tl::unexpected<Error> failed(const fs::path& file, const rocksdb::Status& status) {
  return fail(ErrorCode::unavailable, "{} cannot be written: {}", file.string(), status.ToString());
}

}  // namespace

Sequence acknowledged_in(const fs::path& folder, rocksdb::Env* env) {
  std::string text;
  const std::string file = (folder / kAcknowledgedFile).string();
  if (!rocksdb::ReadFileToString(env_of(env), file, &text).ok()) return Sequence(0);
  std::uint64_t number = 0;
  if (text.size() < kBegin.size() + kNumberDigits) return Sequence(0);
  const char* const digits = text.data() + kBegin.size();
  const auto [rest, error] = std::from_chars(digits, digits + kNumberDigits, number);
  if (error != std::errc() || line_of(Sequence(number)) != text) return Sequence(0);
  return Sequence(number);
}

Result<void> check_acknowledged(const fs::path& folder, rocksdb::Env* env, Sequence last) {
  const Sequence known = acknowledged_in(folder, env);
  if (known <= last) return {};
  return fail(ErrorCode::corrupt,
              "events up to {} were acknowledged, only {} are there: the newest *.log in {} is "
              "damaged; restore a backup (swarmlab restore), or remove {} to go on without what is "
              "lost",
              known.value(), last.value(), folder.string(), (folder / kAcknowledgedFile).string());
}

struct Acknowledged::Impl {
  fs::path path;
  std::unique_ptr<rocksdb::RandomRWFile> file;
};

Acknowledged::Acknowledged(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Acknowledged::Acknowledged(Acknowledged&&) noexcept = default;
Acknowledged& Acknowledged::operator=(Acknowledged&&) noexcept = default;
Acknowledged::~Acknowledged() = default;

Result<Acknowledged> Acknowledged::open(const fs::path& folder, rocksdb::Env* env, Sequence last) {
  auto impl = std::make_unique<Impl>(Impl{.path = folder / kAcknowledgedFile, .file = nullptr});
  const std::string name = impl->path.string();
  env = env_of(env);
  if (!env->FileExists(name).ok()) {
    const auto made = rocksdb::WriteStringToFile(env, line_of(last), name, true);
    if (!made.ok()) return failed(impl->path, made);
  }
  const auto opened = env->NewRandomRWFile(name, &impl->file, rocksdb::EnvOptions());
  if (!opened.ok()) return failed(impl->path, opened);
  Acknowledged file(std::move(impl));
  SWARMLAB_CHECK(file.note(last));
  return file;
}

Result<void> Acknowledged::note(Sequence last) {
  const auto written = impl_->file->Write(0, line_of(last));
  if (!written.ok()) return failed(impl_->path, written);
  return {};
}

}  // namespace swarmlab::store
