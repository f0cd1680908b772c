// The keys of a guarded coordinator: its own, and the list of those who may speak to it, followed
// as its file changes.
//
// Who can read the coordinator's own secret key is its owner: that key may do all that an operator
// may, so that commands on the coordinator's machine need no key of their own.
#pragma once

#include <memory>
#include <string>

#include "common/keys/key_folder.h"
#include "common/net/gate.h"
#include "common/result.h"

namespace swarmlab::server {

/// One thread; the gate is for any.
class Keyring {
 public:
  /// Of a folder that `swarmlab keys` made. \return  not_found if no key was made in it yet; what
  /// is wrong with a file in it.
  static Result<Keyring> open(const std::string& folder);

  /// Reads the list again if its file is another than before, or if `again`. \return  whether the
  /// gate has a new list. A list that cannot be read changes nothing and is told in the log.
  bool refresh(bool again);

  [[nodiscard]] net::Guard guard() const { return {.server_key = server_, .gate = gate_}; }
  [[nodiscard]] const net::Gate& gate() const { return *gate_; }

 private:
  Keyring(keys::KeyFolder folder, keys::SecretKey server)
      : folder_(std::move(folder)), server_(std::move(server)), watch_(folder_.allowed_file()) {}
  Result<bool> try_refresh();

  keys::KeyFolder folder_;
  keys::SecretKey server_;
  keys::AllowlistWatch watch_;
  std::shared_ptr<net::Gate> gate_ = std::make_shared<net::Gate>();
};

}  // namespace swarmlab::server
