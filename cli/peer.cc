#include "cli/peer.h"

#include <sstream>

#include "cli/endpoint.h"
#include "cli/known_swarms.h"
#include "common/keys/key_folder.h"
#include "common/net/endpoint.h"
#include "common/os/file.h"

namespace swarmlab::cli {

namespace {

constexpr std::uint64_t kMostOfNote = 16'384;
constexpr const char* kKeys = "keys ";

// The name of a file may read as a key does: 40 characters, such as /home/ann/....key.
bool names_a_file(const Context& context, const std::string& name) {
  std::error_code error;
  return std::filesystem::is_regular_file(context.cwd / name, error);
}

// What is typed by mistake must not come back in an error: a secret key would be in a log.
Result<keys::SecretKey> own_key(const Context& context, const std::string& file) {
  if (!names_a_file(context, file) && keys::SecretKey::parse(file)) {
    return fail(ErrorCode::invalid_input,
                "--key (or SWARMLAB_KEY) is a key, expected a file that holds it: what stands on a "
                "command line can be read by others; if it was secret, revoke it");
  }
  return keys::read_secret_key((context.cwd / file).string());
}

Result<keys::PublicKey> server_key(const Context& context, const std::string& file_or_key) {
  auto key = keys::PublicKey::parse(file_or_key);
  if (key && !names_a_file(context, file_or_key)) return key;
  return keys::read_public_key((context.cwd / file_or_key).string());
}

Result<std::optional<net::Credentials>> credentials_of(const Context& context,
                                                       const std::string& key,
                                                       const std::string& server) {
  if (key.empty() && server.empty()) return std::optional<net::Credentials>();
  if (key.empty() || server.empty()) {
    return fail(ErrorCode::invalid_input,
                "{} is missing: the own key and the coordinator's go together",
                key.empty() ? "--key (or SWARMLAB_KEY)" : "--server-key (or SWARMLAB_SERVER_KEY)");
  }
  SWARMLAB_TRY(own, own_key(context, key));
  SWARMLAB_TRY(theirs, server_key(context, server));
  return std::optional(net::Credentials{.own = std::move(own), .server = std::move(theirs)});
}

// Where this machine finds what listens at all of its addresses.
std::string nearby(const std::string& bound) {
  const std::size_t colon = bound.find_last_of(':');
  const std::string host = bound.substr(0, colon);
  if (host == "tcp://0.0.0.0" || host == "tcp://*") return "tcp://127.0.0.1" + bound.substr(colon);
  if (host == "tcp://[::]") return "tcp://[::1]" + bound.substr(colon);
  return bound;
}

}  // namespace

Result<std::optional<Peer>> chosen_peer(const Context& context) {
  SWARMLAB_TRY(known, chosen_swarm(context));
  Peer peer{.address = known ? known->address : context.connect};
  if (peer.address.empty()) return std::optional<Peer>();
  const bool given = !context.key.empty() || !context.server_key.empty();
  SWARMLAB_TRY(credentials, known && !given
                                ? credentials_of(context, known->key, known->server_key)
                                : credentials_of(context, context.key, context.server_key));
  peer.credentials = std::move(credentials);
  peer.insecure = context.insecure;
  return std::optional(std::move(peer));
}

std::string address_note(const std::string& bound, const std::string& keys) {
  std::string note = nearby(bound) + "\n";
  if (!keys.empty()) note += kKeys + std::filesystem::absolute(keys).string() + "\n";
  return note;
}

Result<Peer> peer_of(const std::filesystem::path& state_folder) {
  SWARMLAB_TRY(note, read_file(address_file_of(state_folder).string(), kMostOfNote));
  std::istringstream lines(note);
  Peer peer;
  std::getline(lines, peer.address);
  peer.insecure = true;  // its own machine: it said so itself when it began to listen
  std::string line;
  if (!std::getline(lines, line) || !line.starts_with(kKeys)) return peer;
  // Who can read the coordinator's own key is its owner: see coordinator/server/keyring.h.
  SWARMLAB_TRY(own, keys::KeyFolder(line.substr(std::string(kKeys).size())).server_key());
  const keys::PublicKey server = own.public_key();
  peer.credentials = net::Credentials{.own = std::move(own), .server = server};
  return peer;
}

}  // namespace swarmlab::cli
