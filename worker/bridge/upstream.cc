#include "worker/bridge/upstream.h"

#include <fcntl.h>
#include <httplib.h>
#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <csignal>
#include <list>
#include <mutex>

namespace swarmlab::worker {
namespace {

constexpr std::chrono::seconds kConnectTime{20};
constexpr std::chrono::seconds kWriteTime{60};

std::string authority(const Url& url) {
  const bool bare = url.host.find(':') == std::string::npos;
  return fmt::format(fmt::runtime(bare ? "{}://{}:{}" : "{}://[{}]:{}"), url.tls ? "https" : "http",
                     url.host, url.port);
}

HttpHeaders headers_of(const httplib::Response& response) {
  HttpHeaders headers;
  for (const auto& [name, value] : response.headers) {
    std::string lower = name;
    for (char& c : lower) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    headers.emplace_back(std::move(lower), value);
  }
  return headers;
}

// OpenSSL writes to a connection that the other side has closed as to any file: without this the
// signal would end the worker. What was raised meanwhile is taken back.
class NoBrokenPipes {
 public:
  NoBrokenPipes() {
    ::sigemptyset(&pipes_);
    ::sigaddset(&pipes_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipes_, &before_);
  }
  NoBrokenPipes(const NoBrokenPipes&) = delete;
  NoBrokenPipes& operator=(const NoBrokenPipes&) = delete;
  NoBrokenPipes(NoBrokenPipes&&) = delete;
  NoBrokenPipes& operator=(NoBrokenPipes&&) = delete;
  ~NoBrokenPipes() {
    const timespec now{};
    while (::sigtimedwait(&pipes_, nullptr, &now) == SIGPIPE) {
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipes_{};
  sigset_t before_{};
};

}  // namespace

struct Upstream::Impl {
  explicit Impl(Options given) : options(std::move(given)) {}

  const Options options;
  std::mutex mutex;  // guards what follows
  bool over = false;
  // Of what is under way. Our own descriptors, because the library closes its own when it likes.
  std::list<UniqueFd> sockets;

  // A request's place in `sockets`.
  class Entry {
   public:
    explicit Entry(Impl& impl) : impl_(impl) {
      const std::lock_guard lock(impl.mutex);
      place_ = impl.sockets.emplace(impl.sockets.end());
    }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    Entry(Entry&&) = delete;
    Entry& operator=(Entry&&) = delete;
    ~Entry() {
      const std::lock_guard lock(impl_.mutex);
      impl_.sockets.erase(place_);
    }
    void note(int socket) {
      const std::lock_guard lock(impl_.mutex);
      place_->reset(::fcntl(socket, F_DUPFD_CLOEXEC, 0));
    }
    [[nodiscard]] bool over() const {
      const std::lock_guard lock(impl_.mutex);
      return impl_.over;
    }

   private:
    Impl& impl_;
    std::list<UniqueFd>::iterator place_;
  };

  // How a request to one address went.
  struct Attempt {
    Result<void> ended;
    bool connection_failed = false;  // nobody there: another address may do
  };
  Attempt exchange(const HttpRequest& request, const std::string& address, Entry& entry,
                   const OnHead& on_head, const OnBytes& on_bytes) const;
  [[nodiscard]] Result<std::vector<std::string>> addresses(const CancelToken& stop) const;

  // The library would look a name up itself, and could not be interrupted meanwhile.
  void set_up(httplib::Client& client, const std::string& address, Entry& entry) const {
    if (const auto& way = options.way) {
      client.set_proxy(address, way->proxy.port);
      if (!way->user.empty()) client.set_proxy_basic_auth(way->user, way->password);
    } else if (address != options.url.host) {
      client.set_hostname_addr_map({{options.url.host, address}});
    }
    client.set_connection_timeout(kConnectTime);
    client.set_write_timeout(kWriteTime);
    client.set_read_timeout(options.silence);
    client.set_follow_location(false);
    client.set_keep_alive(false);
    client.set_url_encode(false);
    client.set_tcp_nodelay(true);
    client.set_socket_options([&entry](int socket) { entry.note(socket); });
    if (!options.ca_file.empty()) client.set_ca_cert_path(options.ca_file);
  }
};

Upstream::Impl::Attempt Upstream::Impl::exchange(const HttpRequest& request,
                                                 const std::string& address, Entry& entry,
                                                 const OnHead& on_head,
                                                 const OnBytes& on_bytes) const {
  const std::string to = authority(options.url);
  const NoBrokenPipes no_broken_pipes;
  bool goes_on = true;  // as far as the caller is concerned
  try {
    httplib::Client client(to);
    set_up(client, address, entry);
    httplib::Request sent;
    sent.method = request.method;
    sent.path = request.target;
    sent.body = request.body;
    for (const auto& [name, value] : request.headers) sent.headers.emplace(name, value);
    sent.response_handler = [&](const httplib::Response& response) {
      goes_on = !entry.over() && on_head(response.status, headers_of(response));
      return goes_on;
    };
    sent.content_receiver = [&](const char* bytes, std::size_t size, std::uint64_t, std::uint64_t) {
      goes_on = !entry.over() && on_bytes({bytes, size});
      return goes_on;
    };
    if (entry.over()) return {.ended = fail(ErrorCode::unavailable, "it is over")};
    const auto result = client.send(sent);
    if (result || !goes_on) return {.ended = {}};
    return {.ended = fail(ErrorCode::unavailable, "{}: {}", to, httplib::to_string(result.error())),
            .connection_failed = result.error() == httplib::Error::Connection && !entry.over()};
  } catch (const std::exception& error) {
    return {.ended = fail(ErrorCode::unavailable, "{}: {}", to, error.what())};
  }
}

Upstream::Upstream(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Upstream::~Upstream() = default;

// Where to connect to: the addresses of the provider, or of the proxy on the way to it.
Result<std::vector<std::string>> Upstream::Impl::addresses(const CancelToken& stop) const {
  const HostPort place = options.way ? options.way->proxy
                                     : HostPort{.host = options.url.host, .port = options.url.port};
  if (Address::parse(place.host, place.port)) return std::vector<std::string>{place.host};
  SWARMLAB_TRY(found, resolve_until(options.resolve, place.host, place.port, stop));
  std::vector<std::string> texts;
  for (const Address& address : found) {
    const std::string text = address.text();
    if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(text);
  }
  if (texts.empty()) return fail(ErrorCode::unavailable, "{}: it has no address", place.host);
  return texts;
}

Result<void> Upstream::exchange(const HttpRequest& request, const OnHead& on_head,
                                const OnBytes& on_bytes, const CancelToken& stop) {
  Impl::Entry entry(*impl_);
  const std::string to = authority(impl_->options.url);
  const auto addresses = impl_->addresses(stop);
  if (!addresses) return within(to, addresses.error());
  Impl::Attempt last{.ended = {}};
  for (const std::string& address : *addresses) {
    last = impl_->exchange(request, address, entry, on_head, on_bytes);
    if (!last.connection_failed) break;
  }
  return last.ended;
}

void Upstream::hang_up() {
  const std::lock_guard lock(impl_->mutex);
  impl_->over = true;
  for (const UniqueFd& socket : impl_->sockets) {
    if (socket) ::shutdown(socket.get(), SHUT_RDWR);
  }
}

}  // namespace swarmlab::worker
