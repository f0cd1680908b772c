#include "worker/bridge/bridge.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <mutex>

#include "common/log/log.h"
#include "worker/bridge/callers.h"
#include "worker/bridge/http.h"
#include "worker/bridge/refusal.h"
#include "worker/bridge/secrets.h"
#include "worker/bridge/upstream.h"
#include "worker/bridge/usage.h"
#include "worker/bridge/way.h"

namespace swarmlab::worker {
namespace {

constexpr Milliseconds kSendTime{60'000};  // for one piece of an answer
constexpr Milliseconds kLastLook{2'000};   // for who was refused to read why
constexpr Milliseconds kHangUpAgain{20};
constexpr std::size_t kMostErrorBytes = 256UL << 10U;
constexpr std::size_t kLoggedPath = 100;

bool starts_path(std::string_view path, std::string_view with) {
  return path.starts_with(with) && path.size() > with.size();
}

// What agents need of a provider; the path is below that of its base address.
bool is_passed_on(Wire wire, std::string_view method, std::string_view path) {
  const bool is_plain = path.find("..") == std::string_view::npos &&
                        path.find_first_of("%\\;@") == std::string_view::npos;
  if (!is_plain) return false;
  if (method == "GET") {
    const std::string_view models = wire == Wire::anthropic ? "/v1/models" : "/models";
    return path == models || starts_path(path, std::string(models) + "/");
  }
  if (method != "POST") return false;
  if (wire == Wire::anthropic) return path == "/v1/messages" || path == "/v1/messages/count_tokens";
  return path == "/responses" || path == "/chat/completions";
}

bool is_dropped(std::string_view name) {
  constexpr std::array<std::string_view, 9> kNames = {
      "host",   "content-length", "authorization",   "x-api-key", "api-key",
      "cookie", "forwarded",      "accept-encoding", "expect"};
  return is_hop_by_hop(name) || name.starts_with("x-forwarded-") ||
         std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

bool is_kept_from_client(std::string_view name) {
  return is_hop_by_hop(name) || name == "content-length" || name == "content-encoding" ||
         name == "set-cookie" || name == "location";
}

bool equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

// A dollar for a million tokens is a millionth of a dollar for one.
std::int64_t micro_usd(const Usage& usage, const Rates& rates) {
  const auto times = [](std::uint64_t tokens, double rate) {
    return static_cast<double>(tokens) * rate;
  };
  const std::uint64_t cache =
      std::min(usage.input_tokens, usage.cached_tokens + usage.cache_write_tokens);
  return std::llround(std::ceil(times(usage.input_tokens - cache, rates.input) +
                                times(usage.cached_tokens, rates.cached_input) +
                                times(usage.cache_write_tokens, rates.cache_write) +
                                times(usage.output_tokens, rates.output)));
}

}  // namespace

struct Bridge::Impl {
  Impl(BridgeOptions given, Url where)
      : options(std::move(given)),
        url(std::move(where)),
        base_path(url.path),
        upstream({.url = url,
                  .silence = options.silence,
                  .ca_file = options.ca_file,
                  .way = way_to(url, options.environment),
                  .resolve = options.resolve}),
        troubles(options.patience) {
    if (!options.key.empty()) secrets.add(options.key);
  }

  void serve(Peer& peer);
  bool refuse_to(Peer& peer, Refusal refusal, std::string_view words);
  [[nodiscard]] bool has_token(const HttpRequest& request) const;
  [[nodiscard]] bool is_spent() const;
  bool check(Peer& peer, HttpRequest& request, Deadline deadline);
  void pass_on(Peer& peer, HttpRequest request);
  [[nodiscard]] HttpRequest to_provider(HttpRequest request) const;
  void count(const Usage& usage, bool failed);
  void note_failure(const Peer& peer, int status, std::string words, Milliseconds retry_after);

  const BridgeOptions options;
  const Url url;
  const std::string base_path;
  Secrets secrets;
  Upstream upstream;
  mutable std::mutex mutex;  // guards the tally and the troubles
  Tally tally;
  Troubles troubles;
  std::unique_ptr<Callers> callers;  // the last: its threads use all of the above
};

namespace {

// An answer on its way through.
class Passage {
 public:
  Passage(Peer& peer, Wire wire) : peer_(peer), wire_(wire) {}

  bool begin(int status, const HttpHeaders& headers) {
    status_ = status;
    std::string type;
    for (const auto& [name, value] : headers) {
      if (name == "content-type") type = value;
    }
    usage_.emplace(wire_, type.starts_with("text/event-stream"));
    if (is_error()) {  // held back, to look for the key in it
      error_headers_ = headers;
      return true;
    }
    std::string head = fmt::format("HTTP/1.1 {} {}\r\n", status, reason_of(status));
    for (const auto& [name, value] : headers) {
      if (!is_kept_from_client(name)) head += fmt::format("{}: {}\r\n", name, value);
    }
    return send(head + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
  }

  bool take(std::string_view bytes) {
    if (is_error()) {
      error_.append(bytes.substr(0, kMostErrorBytes - std::min(kMostErrorBytes, error_.size())));
      return error_.size() < kMostErrorBytes;
    }
    usage_->take(bytes);
    return bytes.empty() || send(fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes));
  }

  void end(const Secrets& secrets) {
    if (!is_error()) {
      send("0\r\n\r\n");
      return;
    }
    std::string type = "application/json";
    HttpHeaders headers;
    for (const auto& [name, value] : error_headers_) {
      if (name == "content-type") {
        type = value;
      } else if (!is_kept_from_client(name)) {
        headers.emplace_back(name, secrets.redacted(value));
      }
    }
    send(answer(status_, type, secrets.redacted(error_), headers));
  }

  // Of an error: what the provider says of it.
  [[nodiscard]] std::string words(const Secrets& secrets) const {
    return words_of_error(secrets.redacted(error_));
  }
  [[nodiscard]] Milliseconds retry_after() const {
    constexpr int kMostSeconds = 24 * 3600;
    for (const auto& [name, value] : error_headers_) {
      int seconds = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
      if (name != "retry-after" || error != std::errc() || seconds <= 0) continue;
      return std::chrono::seconds(std::min(seconds, kMostSeconds));
    }
    return Milliseconds(0);
  }

  [[nodiscard]] bool has_begun() const { return usage_.has_value(); }
  [[nodiscard]] bool is_error() const { return status_ < 200 || status_ >= 300; }
  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] UsageReader& usage() { return *usage_; }

 private:
  bool send(std::string_view bytes) {
    return peer_.send(bytes, Deadline::after(kSendTime)).has_value();
  }

  Peer& peer_;
  Wire wire_;
  int status_ = 200;
  std::optional<UsageReader> usage_;
  std::string error_;
  HttpHeaders error_headers_;
};

}  // namespace

bool Bridge::Impl::refuse_to(Peer& peer, Refusal refusal, std::string_view words) {
  {
    const std::lock_guard lock(mutex);
    ++(refusal == Refusal::unreachable ? tally.failed : tally.refused);
    if (refusal == Refusal::out_of_budget) tally.spent = true;
  }
  const Wire wire = options.provider.wire;
  log::info("bridge: refused{}{}", log::field("status", status_of(refusal, wire)),
            log::field("why", words.substr(0, kLoggedPath)));
  const Deadline deadline = Deadline::after(kLastLook);
  if (peer.send(refuse(refusal, wire, words), deadline)) {
    // Hung up on while it still sends, it would never read this.
    peer.finish();
    while (peer.read_exactly(1, deadline)) (void)peer.take_rest();
  }
  return false;
}

bool Bridge::Impl::has_token(const HttpRequest& request) const {
  constexpr std::string_view kBearer = "Bearer ";
  std::string_view bearer = request.header("authorization");
  if (bearer.starts_with(kBearer)) bearer.remove_prefix(kBearer.size());
  return equal(request.header("x-api-key"), options.token) || equal(bearer, options.token);
}

bool Bridge::Impl::is_spent() const {
  const std::lock_guard lock(mutex);
  return options.budget && tally.cost.usd >= *options.budget;
}

// Whether it may be passed on, whole.
bool Bridge::Impl::check(Peer& peer, HttpRequest& request, Deadline deadline) {
  if (!has_token(request)) {
    return refuse_to(peer, Refusal::no_token, "invalid x-api-key: this is no token of this bridge");
  }
  std::string_view path = request.path();
  const bool below = path.starts_with(base_path);
  if (below) path.remove_prefix(base_path.size());
  if (!below || !is_passed_on(options.provider.wire, request.method, path)) {
    return refuse_to(peer, Refusal::no_such_path, "the bridge passes on no such request");
  }
  if (request.method == "POST" && is_spent()) {
    constexpr const char* kSpent =
        "Your credit balance is too low: the budget of this experiment is spent";
    note_failure(peer, status_of(Refusal::out_of_budget, options.provider.wire), kSpent, {});
    return refuse_to(peer, Refusal::out_of_budget, kSpent);
  }
  const auto read = read_body(peer, request, options.most_request_bytes, deadline);
  if (read) return true;
  if (read.error().code == ErrorCode::conflict) {
    return refuse_to(peer, Refusal::too_large, read.error().message);
  }
  return refuse_to(peer, Refusal::malformed, read.error().message);
}

HttpRequest Bridge::Impl::to_provider(HttpRequest request) const {
  HttpRequest sent{
      .method = std::move(request.method), .target = request.target, .headers = {}, .body = {}};
  for (auto& header : request.headers) {
    if (!is_dropped(header.first)) sent.headers.push_back(std::move(header));
  }
  sent.headers.emplace_back("accept-encoding", "identity");
  if (!options.key.empty()) {
    const bool anthropic = options.provider.wire == Wire::anthropic;
    sent.headers.emplace_back(anthropic ? "x-api-key" : "authorization",
                              anthropic ? options.key : "Bearer " + options.key);
  }
  sent.body = asking_for_usage(request.path(), std::move(request.body));
  return sent;
}

void Bridge::Impl::count(const Usage& usage, bool failed) {
  const std::lock_guard lock(mutex);
  ++tally.requests;
  if (failed) ++tally.failed;
  tally.cost.input_tokens += usage.input_tokens;
  tally.cost.output_tokens += usage.output_tokens;
  tally.cached_tokens += usage.cached_tokens;
  if (usage.input_tokens + usage.output_tokens == 0) return;
  const auto rates = options.rates ? options.rates(usage.model) : std::nullopt;
  if (!rates) tally.priced = false;
  if (rates) tally.cost.usd = MicroUsd(tally.cost.usd.value() + micro_usd(usage, *rates));
}

// What fails because all is over says nothing of the provider.
void Bridge::Impl::note_failure(const Peer& peer, int status, std::string words,
                                Milliseconds retry_after) {
  const auto end = blame_of(status, words);
  if (!end || peer.stop().cancelled()) return;
  bool is_hopeless = false;
  {
    const std::lock_guard lock(mutex);
    troubles.failed(*end, std::move(words), retry_after, std::chrono::steady_clock::now());
    is_hopeless = troubles.row()->is_hopeless;
  }
  if (is_hopeless && options.on_hopeless) options.on_hopeless();
}

void Bridge::Impl::pass_on(Peer& peer, HttpRequest request) {
  const HttpRequest sent = to_provider(std::move(request));
  Passage passage(peer, options.provider.wire);
  const auto done = upstream.exchange(
      sent, [&](int status, const HttpHeaders& headers) { return passage.begin(status, headers); },
      [&](std::string_view bytes) { return passage.take(bytes); }, peer.stop());
  if (!passage.has_begun()) {
    const std::string why = "the provider cannot be reached: " +
                            (done ? std::string("no answer") : done.error().message);
    note_failure(peer, 0, secrets.redacted(why), {});
    refuse_to(peer, Refusal::unreachable, why);
    return;
  }
  // Models that are listed, tokens that are counted beforehand: nothing was generated.
  const bool generates = sent.method == "POST" && !sent.path().ends_with("/count_tokens");
  // Before the caller has the end of the answer, and asks again.
  if (passage.is_error()) {
    note_failure(peer, passage.status(), passage.words(secrets), passage.retry_after());
  } else if (!done) {
    note_failure(peer, 0, "the provider's answer broke off", {});
  } else if (generates) {
    const std::lock_guard lock(mutex);
    troubles.answered();
  }
  if (done) passage.end(secrets);
  Usage usage;
  if (generates && !passage.is_error()) usage = passage.usage().finish(sent.body.size());
  count(usage, passage.is_error() || !done);
  log::info("bridge{}{}{}{}{}", log::field("path", sent.path()),
            log::field("status", passage.status()), log::field("model", usage.model),
            log::field("input_tokens", usage.input_tokens),
            log::field("output_tokens", usage.output_tokens));
}

void Bridge::Impl::serve(Peer& peer) {
  const Deadline deadline = Deadline::after(options.request_time);
  auto request = read_head(peer, deadline);
  if (!request) {
    refuse_to(peer, Refusal::malformed, request.error().message);
  } else if (*request && check(peer, **request, deadline)) {
    pass_on(peer, std::move(**request));
  }
}

Bridge::Bridge(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Bridge::~Bridge() {
  end();
}

Result<std::unique_ptr<Bridge>> Bridge::start(BridgeOptions options) {
  SWARMLAB_TRY(url, parse_url(options.provider.base_url));
  while (url.path.ends_with('/')) url.path.pop_back();
  if (url.path.find_first_of("?#") != std::string::npos || options.token.empty()) {
    return fail(ErrorCode::invalid_input, "{}: expected an address without a query",
                options.provider.base_url);
  }
  const std::size_t most = options.most_connections;
  auto impl = std::make_unique<Impl>(std::move(options), std::move(url));
  SWARMLAB_TRY(callers, Callers::make(most, [raw = impl.get()](Peer& peer) { raw->serve(peer); }));
  impl->callers = std::move(callers);
  return std::unique_ptr<Bridge>(new Bridge(std::move(impl)));
}

Bridged Bridge::behind(std::uint16_t port) const {
  return {.base_url = fmt::format("http://127.0.0.1:{}{}", port, impl_->base_path),
          .token = impl_->options.token};
}

void Bridge::take(UniqueFd connection) {
  impl_->callers->take(std::move(connection));
}

Tally Bridge::tally() const {
  const std::lock_guard lock(impl_->mutex);
  Tally tally = impl_->tally;
  tally.trouble = impl_->troubles.row();
  return tally;
}

Tally Bridge::end() {
  impl_->callers->stop();
  do {
    impl_->upstream.hang_up();
  } while (!impl_->callers->wait_for_end(kHangUpAgain));
  return tally();
}

}  // namespace swarmlab::worker
