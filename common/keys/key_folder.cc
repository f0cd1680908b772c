#include "common/keys/key_folder.h"

#include <fcntl.h>
#include <string.h>  // NOLINT(modernize-deprecated-headers): explicit_bzero is not in <cstring>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>

#include "common/os/file.h"
#include "common/os/secret_file.h"
#include "common/os/unique_fd.h"

namespace swarmlab::keys {
namespace {

constexpr std::size_t kMostOfKey = 4096;           // bytes of a key's file
constexpr std::uint64_t kMostOfList = 16U << 20U;  // more than 100,000 keys
constexpr const char* kServer = "server";

tl::unexpected<Error> failed(const std::string& path, int error) {
  const ErrorCode code = error == ENOENT ? ErrorCode::not_found : ErrorCode::unavailable;
  return fail(code, "{}: {}", path, std::strerror(error));
}

Result<void> check_is_ours_alone(const std::string& path, int fd) {
  struct stat about {};
  if (::fstat(fd, &about) != 0) return failed(path, errno);
  if (!S_ISREG(about.st_mode)) return fail(ErrorCode::invalid_input, "{}: is no file", path);
  if (is_kept_secret(about, ::geteuid())) return {};
  return fail(ErrorCode::invalid_input,
              "{}: mode {:04o}: others may read or write a secret key; chmod 600 it (if they may "
              "have read it: revoke it and make another)",
              path, about.st_mode & 07777U);
}

Result<std::size_t> read_some(const std::string& path, int fd, std::span<char> into) {
  std::size_t size = 0;
  while (size < into.size()) {
    const ssize_t got = ::read(fd, into.data() + size, into.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(path, errno);
    if (got == 0) return size;
    size += static_cast<std::size_t>(got);
  }
  return fail(ErrorCode::invalid_input, "{}: too long for the file of a key", path);
}

// The key in `WORD KEY`, the only line besides empty ones and comments. Never repeats what it read.
Result<std::string_view> key_in(std::string_view text, std::string_view word,
                                const std::string& path) {
  std::optional<std::string_view> key;
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    const std::size_t blank = line.find(' ');
    if (key || blank == std::string_view::npos || line.substr(0, blank) != word) {
      return fail(ErrorCode::invalid_input, "{}:{}: expected one line, \"{} KEY\"", path, number,
                  word);
    }
    key = line.substr(blank + 1);
  }
  if (!key) return fail(ErrorCode::invalid_input, "{}: no line \"{} KEY\"", path, word);
  return *key;
}

Result<void> write_secret(const std::string& path, const SecretKey& key, std::string_view about) {
  std::string text = fmt::format("# {}\nsecret {}\n", about, key.reveal());
  auto written = write_file_durably(path, text, 0600);
  explicit_bzero(text.data(), text.size());
  return written;
}

// Held until it is closed; the kernel gives it back when we die.
Result<UniqueFd> lock(const std::string& folder) {
  UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return failed(folder, errno);
  while (::flock(fd.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return failed(folder, errno);
  }
  return fd;
}

Result<PublicKey> ensure_server_key(const KeyFolder& folder) {
  auto key = folder.server_key();
  if (!key && key.error().code == ErrorCode::not_found) {
    key = make_secret_key();
    if (!key) return tl::unexpected(key.error());
    SWARMLAB_CHECK(write_secret(folder.secret_file(kServer), *key,
                                "The coordinator's secret key: never leaves its machine"));
  }
  if (!key) return tl::unexpected(key.error());
  // Written again if it is missing or another's: the secret one says what is true.
  const auto known = read_public_key(folder.public_file());
  if (!known || *known != key->public_key()) {
    const std::string text =
        fmt::format("# The coordinator's public key, for those who connect\npublic {}\n",
                    key->public_key().text());
    SWARMLAB_CHECK(write_file_durably(folder.public_file(), text));
  }
  return key->public_key();
}

}  // namespace

Result<SecretKey> read_secret_key(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return failed(path, errno);
  SWARMLAB_CHECK(check_is_ours_alone(path, file.get()));
  std::array<char, kMostOfKey> bytes{};
  const auto key = [&]() -> Result<SecretKey> {
    SWARMLAB_TRY(size, read_some(path, file.get(), bytes));
    SWARMLAB_TRY(text, key_in({bytes.data(), size}, "secret", path));
    auto parsed = SecretKey::parse(text);
    if (!parsed) return within(path, parsed.error());
    return parsed;
  }();
  explicit_bzero(bytes.data(), bytes.size());
  return key;
}

Result<PublicKey> read_public_key(const std::string& path) {
  SWARMLAB_TRY(bytes, read_file(path, kMostOfKey));
  SWARMLAB_TRY(text, key_in(bytes, "public", path));
  auto parsed = PublicKey::parse(text);
  if (!parsed) return within(path, parsed.error());
  return parsed;
}

Result<Allowlist> read_allowlist(const std::string& path) {
  SWARMLAB_TRY(text, read_file(path, kMostOfList));
  return Allowlist::parse(text, path);
}

bool KeyFolder::exists() const {
  return ::access(secret_file(kServer).c_str(), F_OK) == 0;
}

Result<SecretKey> KeyFolder::server_key() const {
  return read_secret_key(secret_file(kServer));
}

Result<Allowlist> KeyFolder::allowed() const {
  auto list = read_allowlist(allowed_file());
  if (!list && list.error().code == ErrorCode::not_found) return Allowlist();
  return list;
}

Result<PublicKey> KeyFolder::prepare() {
  SWARMLAB_CHECK(make_folders(path_, 0700));
  if (::chmod(path_.c_str(), 0700) != 0) return failed(path_, errno);
  const auto held = lock(path_);
  if (!held) return tl::unexpected(held.error());
  return ensure_server_key(*this);
}

Result<KeyFolder::Made> KeyFolder::make(const std::string& name, Role role) {
  if (name == kServer) {
    return fail(ErrorCode::invalid_input, "\"{}\" is the coordinator's own: choose another", name);
  }
  SWARMLAB_CHECK(prepare());
  const auto held = lock(path_);
  if (!held) return tl::unexpected(held.error());
  SWARMLAB_TRY(list, allowed());
  SWARMLAB_TRY(secret, make_secret_key());
  Made made{.holder = {.key = secret.public_key(), .name = name, .role = role},
            .file = secret_file(name)};
  SWARMLAB_CHECK(list.add(made.holder));
  // First the file: a key that is allowed and that nobody has would have to be revoked by hand.
  SWARMLAB_CHECK(write_secret(
      made.file, secret,
      fmt::format("Secret key of {} ({}): whoever has it is {}", name, name_of(role), name)));
  SWARMLAB_CHECK(write_file_durably(allowed_file(), list.text(), 0600));
  return made;
}

Result<Holder> KeyFolder::revoke(const std::string& name, Timestamp at) {
  const auto held = lock(path_);
  if (!held) return tl::unexpected(held.error());
  SWARMLAB_TRY(list, allowed());
  const Holder* found = list.find_name(name);
  const std::optional<Holder> holder = found == nullptr ? std::nullopt : std::optional(*found);
  SWARMLAB_CHECK(list.revoke(name, at));
  SWARMLAB_CHECK(write_file_durably(allowed_file(), list.text(), 0600));
  if (::unlink(secret_file(name).c_str()) != 0 && errno != ENOENT) {
    return failed(secret_file(name), errno);
  }
  return *holder;
}

Result<std::optional<Allowlist>> AllowlistWatch::changed() {
  struct stat about {};
  std::string now = "none";
  if (::stat(path_.c_str(), &about) == 0) {
    now = fmt::format("{} {} {} {} {}", about.st_dev, about.st_ino, about.st_size,
                      about.st_mtim.tv_sec, about.st_mtim.tv_nsec);
  } else if (errno != ENOENT && errno != ENOTDIR) {
    now = fmt::format("error {}", errno);
  }
  if (seen_ == now) return std::optional<Allowlist>();
  seen_ = now;
  auto list = read_allowlist(path_);
  if (!list && list.error().code == ErrorCode::not_found) return std::optional(Allowlist());
  if (!list) return tl::unexpected(list.error());
  return std::optional(*std::move(list));
}

}  // namespace swarmlab::keys
