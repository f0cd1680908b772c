#include "common/net/endpoint.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

#include "common/os/file.h"

namespace swarmlab::net {
namespace {

constexpr std::string_view kIpc = "ipc://";
constexpr std::string_view kTcp = "tcp://";
constexpr std::size_t kLongestPath = sizeof(sockaddr_un::sun_path) - 1;  // 107, and a NUL

struct Path {
  std::string folder;
  std::string name;
};

bool is_ipc(std::string_view address) {
  return address.starts_with(kIpc);
}

// ZeroMQ knows more ("ipc://*", "ipc://@abstract"), but those are in no folder that guards them.
Result<Path> path_of(std::string_view address) {
  const std::string_view path = address.substr(kIpc.size());
  const std::size_t slash = path.find_last_of('/');
  if (!path.starts_with('/') || slash + 1 == path.size() ||
      path.find('\0') != std::string_view::npos) {
    return fail(ErrorCode::invalid_input, "{}: expected ipc:///absolute/path", address);
  }
  return Path{std::string(slash == 0 ? "/" : path.substr(0, slash)),
              std::string(path.substr(slash + 1))};
}

bool is_port(std::string_view text, unsigned least) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port >= least &&
         port <= 65'535;
}

Result<Place> tcp_place(const std::string& address, bool to_bind) {
  const std::string_view rest =
      std::string_view(address).substr(address.starts_with(kTcp) ? kTcp.size() : address.size());
  const std::size_t colon = rest.find_last_of(':');
  const std::string_view host = rest.substr(0, colon == std::string_view::npos ? 0 : colon);
  const std::string_view port = rest.substr(colon == std::string_view::npos ? 0 : colon + 1);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  const bool good_host = !host.empty() && (bracketed || host.find(':') == std::string_view::npos) &&
                         host.find_first_of(" ;/") == std::string_view::npos;
  const bool good_port = to_bind ? port == "*" || is_port(port, 0) : is_port(port, 1);
  if (!good_host || !good_port) {
    return fail(ErrorCode::invalid_input, "\"{}\": expected ipc:///path or tcp://host:port",
                address);
  }
  // With ZMQ_IPV6 a name is only tried at its first address, which may be the wrong family's.
  // ZeroMQ looks up no names to listen at.
  const std::string used =
      to_bind && host == "localhost" ? fmt::format("{}127.0.0.1:{}", kTcp, port) : address;
  return Place{
      .address = address, .for_zmq = used, .file_name = {}, .folder = {}, .ipv6 = bracketed};
}

UniqueFd open_folder(const std::string& folder) {
  return UniqueFd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

// The path of the socket, short enough for the kernel: a long one through the open folder.
Result<std::string> socket_path(const Path& path, const UniqueFd& folder) {
  const std::string whole = path.folder + (path.folder == "/" ? "" : "/") + path.name;
  if (whole.size() <= kLongestPath) return whole;
  std::string through = fmt::format("/proc/self/fd/{}/{}", folder.get(), path.name);
  if (through.size() <= kLongestPath) return through;
  return fail(ErrorCode::invalid_input, "{}: a socket's name may not be that long", whole);
}

Result<void> check_guarded(const std::string& folder, const UniqueFd& fd) {
  struct stat about {};
  if (::fstat(fd.get(), &about) != 0) {
    return fail(ErrorCode::unavailable, "{}: {}", folder, std::strerror(errno));
  }
  const bool ours = about.st_uid == ::geteuid() || ::geteuid() == 0;
  if (ours && (about.st_mode & (S_IXGRP | S_IXOTH)) == 0) return {};
  return fail(ErrorCode::invalid_input,
              "{}: others may enter this folder, so they could speak to the coordinator in it: "
              "chmod 700 it, or name another",
              folder);
}

// 0, or the error of connecting to that socket.
int try_to_connect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe) return errno;
  const auto* name = reinterpret_cast<const sockaddr*>(&address);  // as connect(2) wants it
  return ::connect(probe.get(), name, sizeof address) == 0 ? 0 : errno;
}

Result<void> clear_the_way(const Place& place, const std::string& path) {
  struct stat about {};
  if (::fstatat(place.folder.get(), place.file_name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) {
    return {};
  }
  if (!S_ISSOCK(about.st_mode)) {
    return fail(ErrorCode::invalid_input, "{}: is no socket, and in the way of one", place.address);
  }
  const int error = try_to_connect(path);
  if (error == ECONNREFUSED || error == ENOENT) {
    ::unlinkat(place.folder.get(), place.file_name.c_str(), 0);
    return {};
  }
  // EAGAIN: somebody listens, with a full queue.
  return fail(ErrorCode::conflict, "{}: somebody listens there already{}", place.address,
              error == 0 ? "" : fmt::format(" ({})", std::strerror(error)));
}

}  // namespace

Result<Place> place_to_bind(const std::string& address) {
  if (!is_ipc(address)) return tcp_place(address, true);
  SWARMLAB_TRY(path, path_of(address));
  SWARMLAB_CHECK(make_folders(path.folder, 0700));
  Place place{.address = address,
              .for_zmq = {},
              .file_name = path.name,
              .folder = open_folder(path.folder),
              .ipv6 = false};
  if (!place.folder) {
    return fail(ErrorCode::invalid_input, "{}: {}", path.folder, std::strerror(errno));
  }
  SWARMLAB_CHECK(check_guarded(path.folder, place.folder));
  SWARMLAB_TRY(short_path, socket_path(path, place.folder));
  SWARMLAB_CHECK(clear_the_way(place, short_path));
  place.for_zmq = std::string(kIpc) + short_path;
  return place;
}

Result<Place> place_to_connect(const std::string& address) {
  if (!is_ipc(address)) return tcp_place(address, false);
  SWARMLAB_TRY(path, path_of(address));
  Place place{.address = address,
              .for_zmq = {},
              .file_name = path.name,
              .folder = open_folder(path.folder),
              .ipv6 = false};
  if (!place.folder && address.size() - kIpc.size() > kLongestPath) {
    return fail(ErrorCode::not_found, "{}: {}", path.folder, std::strerror(errno));
  }
  SWARMLAB_TRY(short_path, socket_path(path, place.folder));
  place.for_zmq = std::string(kIpc) + short_path;
  return place;
}

Result<void> close_to_others(const Place& place) {
  if (place.file_name.empty()) return {};
  if (::fchmodat(place.folder.get(), place.file_name.c_str(), 0600, 0) == 0) return {};
  return fail(ErrorCode::unavailable, "{}: cannot set its mode: {}", place.address,
              std::strerror(errno));
}

void remove_socket_file(const Place& place) {
  if (!place.file_name.empty()) ::unlinkat(place.folder.get(), place.file_name.c_str(), 0);
}

bool stays_here(const std::string& address) {
  if (is_ipc(address)) return true;
  const std::string host = address.substr(0, address.find_last_of(':'));
  in_addr ip{};
  const bool is_ip =
      host.starts_with(kTcp) && ::inet_pton(AF_INET, host.c_str() + kTcp.size(), &ip) == 1;
  constexpr std::uint32_t kLoopback = 127;
  return (is_ip && ntohl(ip.s_addr) >> 24U == kLoopback) || host == "tcp://localhost" ||
         host == "tcp://[::1]";
}

bool somebody_listens(const std::string& address) {
  if (!is_ipc(address)) return false;
  const Result<Place> place = place_to_connect(address);
  if (!place) return false;
  const int error = try_to_connect(place->for_zmq.substr(kIpc.size()));
  return error == 0 || error == EAGAIN;
}

}  // namespace swarmlab::net
