#include "worker/bridge/proxy.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "common/log/log.h"
#include "worker/bridge/callers.h"
#include "worker/bridge/http.h"
#include "worker/bridge/relay.h"
#include "worker/bridge/url.h"

namespace swarmlab::worker {
namespace {

constexpr std::size_t kMostPlaces = 1000;  // that are remembered as refused

bool fits(std::string_view pattern, std::string_view host) {
  if (pattern == "*") return true;
  if (!pattern.starts_with("*.")) return pattern == host;
  pattern.remove_prefix(1);  // ".example.org": not the name itself
  return host.size() > pattern.size() && host.ends_with(pattern);
}

bool fits(const Destination& allowed, std::uint16_t port) {
  return allowed.port == 0 ? port == 80 || port == 443 : allowed.port == port;
}

std::string answer_of(int status, std::string_view words) {
  return answer(status, "text/plain", fmt::format("swarmlab: {}\n", words));
}

// In the form that a server expects, of this request alone.
std::string to_server(const HttpRequest& request, const Url& url, const std::string& rest) {
  const std::string path = url.path.empty() ? "/" : url.path;
  std::string text =
      fmt::format("{} {}{} HTTP/1.1\r\n", request.method, path.starts_with('/') ? "" : "/", path);
  const bool is_v6 = url.host.find(':') != std::string::npos;
  text += fmt::format(fmt::runtime(is_v6 ? "Host: [{}]" : "Host: {}"), url.host);
  if (url.port != 80) text += fmt::format(":{}", url.port);
  text += "\r\n";
  for (const auto& [name, value] : request.headers) {
    // Of the length of the body this one tells: the server needs it.
    const bool is_needed = name == "transfer-encoding";
    if (name == "host" || (is_hop_by_hop(name) && !is_needed)) continue;
    text += fmt::format("{}: {}\r\n", name, value);
  }
  return text.append("Connection: close\r\n\r\n").append(rest);
}

}  // namespace

bool is_named(const std::vector<Destination>& allowed, const std::string& host,
              std::uint16_t port) {
  return std::any_of(allowed.begin(), allowed.end(), [&](const Destination& destination) {
    return fits(destination.host, host) && fits(destination, port);
  });
}

struct Proxy::Impl {
  explicit Impl(ProxyOptions given) : options(std::move(given)), ours(own_addresses()) {}

  void serve(Peer& peer);
  void carry(Peer& peer, const HostPort& place, std::string_view to_client,
             const std::string& to_host);
  [[nodiscard]] bool may_reach(const Address& address, std::uint16_t port) const;
  Result<UniqueFd> open(const HostPort& place, const CancelToken& stop);
  void note_refusal(HostPort place);

  const ProxyOptions options;
  const std::vector<std::string> ours;
  mutable std::mutex mutex;  // guards what was refused
  std::map<std::pair<std::string, std::uint16_t>, std::uint64_t> refused;
  std::unique_ptr<Callers> callers;  // the last: its threads use all of the above
};

// Names are looked up once, and what was looked at is what is connected to: a name that leads
// elsewhere the next time gains nothing.
bool Proxy::Impl::may_reach(const Address& address, std::uint16_t port) const {
  const std::string text = address.text();
  const bool is_outside =
      address.is_public() && std::find(ours.begin(), ours.end(), text) == ours.end();
  return is_outside || std::any_of(options.allowed.begin(), options.allowed.end(),
                                   [&](const Destination& destination) {
                                     return destination.host == text && destination.port == port;
                                   });
}

/// \return invalid_input if it is not to be reached, unavailable if it is not there
Result<UniqueFd> Proxy::Impl::open(const HostPort& place, const CancelToken& stop) {
  if (!is_named(options.allowed, place.host, place.port)) {
    return fail(ErrorCode::invalid_input, "{}:{} is not among the hosts of the lab's network",
                place.host, place.port);
  }
  auto found = Address::parse(place.host, place.port).map([](const Address& address) {
    return std::vector<Address>{address};
  });
  if (!found) {
    SWARMLAB_TRY(resolved, resolve_until(options.resolve, place.host, place.port, stop));
    found = std::move(resolved);
  }
  std::erase_if(*found, [&](const Address& address) { return !may_reach(address, place.port); });
  if (found->empty()) {
    return fail(
        ErrorCode::invalid_input,
        "{}:{} is at an address that is not of the internet, and that the lab does not name",
        place.host, place.port);
  }
  const Deadline deadline = Deadline::after(options.connect_time);
  Error last{ErrorCode::unavailable, {}};
  for (const Address& address : *found) {
    auto connection = connect_to(address, deadline, stop);
    if (connection) return connection;
    last = connection.error();
  }
  return within(fmt::format("{}:{}", place.host, place.port), last);
}

void Proxy::Impl::note_refusal(HostPort place) {
  if (options.redact) place.host = options.redact(std::move(place.host));
  log::info("proxy: refused{}{}", log::field("host", place.host), log::field("port", place.port));
  const std::lock_guard lock(mutex);
  const std::pair key{place.host, place.port};
  if (refused.size() < kMostPlaces || refused.contains(key)) ++refused[key];
}

void Proxy::Impl::carry(Peer& peer, const HostPort& place, std::string_view to_client,
                        const std::string& to_host) {
  auto connection = open(place, peer.stop());
  const Deadline deadline = Deadline::after(options.request_time);
  if (!connection) {
    const bool is_refused = connection.error().code == ErrorCode::invalid_input;
    if (is_refused) note_refusal(place);
    (void)peer.send(answer_of(is_refused ? 403 : 502, connection.error().message), deadline);
    return;
  }
  const int fd = connection->get();
  Peer host(std::move(*connection), peer.stop());
  if (!peer.send(to_client, deadline) || !host.send(to_host, deadline)) return;
  relay(peer.fd(), fd, options.silence, peer.stop());
}

void Proxy::Impl::serve(Peer& peer) {
  const Deadline deadline = Deadline::after(options.request_time);
  auto head = read_head(peer, deadline);
  if (head && !*head) return;
  const auto refuse = [&](int status, std::string_view words) {
    (void)peer.send(answer_of(status, words), deadline);
  };
  if (!head) return refuse(400, head.error().message);
  const HttpRequest& request = **head;
  if (request.method == "CONNECT") {
    const auto place = parse_host_port(request.target, 0);
    if (!place) return refuse(400, place.error().message);
    return carry(peer, *place, "HTTP/1.1 200 Connection established\r\n\r\n", peer.take_rest());
  }
  const auto url = parse_url(request.target);
  if (!url || url->tls) return refuse(400, "expected CONNECT host:port, or GET http://host/");
  carry(peer, {.host = url->host, .port = url->port}, "",
        to_server(request, *url, peer.take_rest()));
}

Proxy::Proxy(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Proxy::~Proxy() {
  end();
}

Result<std::unique_ptr<Proxy>> Proxy::start(ProxyOptions options) {
  const std::size_t most = options.most_connections;
  auto impl = std::make_unique<Impl>(std::move(options));
  SWARMLAB_TRY(callers, Callers::make(most, [raw = impl.get()](Peer& peer) { raw->serve(peer); }));
  impl->callers = std::move(callers);
  return std::unique_ptr<Proxy>(new Proxy(std::move(impl)));
}

void Proxy::take(UniqueFd connection) {
  impl_->callers->take(std::move(connection));
}

void Proxy::end() {
  impl_->callers->end();
}

std::vector<NetworkRefusal> Proxy::refusals() const {
  std::vector<NetworkRefusal> list;
  {
    const std::lock_guard lock(impl_->mutex);
    for (const auto& [place, times] : impl_->refused) {
      list.push_back({.host = place.first, .port = place.second, .times = times});
    }
  }
  std::stable_sort(list.begin(), list.end(),
                   [](const auto& a, const auto& b) { return a.times > b.times; });
  if (list.size() > kMostRefusals) list.resize(kMostRefusals);
  return list;
}

}  // namespace swarmlab::worker
