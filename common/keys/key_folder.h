// The folder with a coordinator's keys: `server.key` (secret, 0600), `server.pub`, `allowed` (the
// allowlist) and `NAME.key` of each key that was made here (secret, 0600: taken to who uses it).
//
// Every change is made under a lock of the folder and replaces a file as a whole, so that two
// commands at once lose nothing, and who reads sees the old list or the new one.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "common/keys/allowlist.h"
#include "common/keys/key.h"
#include "common/result.h"

namespace swarmlab::keys {

/// The secret key in a file: a line `secret KEY`, besides comments. \return not_found;
/// invalid_input with file and line if it is no such file, or if anybody but its owner may read or
/// write it.
[[nodiscard]] Result<SecretKey> read_secret_key(const std::string& path);

/// As read_secret_key, of a line `public KEY`, and readable by all.
[[nodiscard]] Result<PublicKey> read_public_key(const std::string& path);

/// The list in a file. \return not_found; invalid_input with file and line.
[[nodiscard]] Result<Allowlist> read_allowlist(const std::string& path);

class KeyFolder {
 public:
  struct Made {
    Holder holder;
    std::string file;  // with the secret key
  };

  explicit KeyFolder(std::string path) : path_(std::move(path)) {}

  /// Whether a server key is there.
  [[nodiscard]] bool exists() const;
  /// The coordinator's own key. \return not_found if no key was made yet; as read_secret_key.
  [[nodiscard]] Result<SecretKey> server_key() const;
  /// Empty if there is no file.
  [[nodiscard]] Result<Allowlist> allowed() const;

  /// Makes the folder (0700) and the server's key where they are missing.
  Result<PublicKey> prepare();
  /// Makes a key, writes its file, then allows it. \return conflict if the name is taken;
  /// invalid_input if it is no name, or "server".
  Result<Made> make(const std::string& name, Role role);
  /// Revokes the key and removes its file, if that is here. \return not_found if there is none.
  Result<Holder> revoke(const std::string& name, Timestamp at);

  [[nodiscard]] std::string allowed_file() const { return path_ + "/allowed"; }
  [[nodiscard]] std::string public_file() const { return path_ + "/server.pub"; }
  [[nodiscard]] std::string secret_file(const std::string& name) const {
    return path_ + "/" + name + ".key";
  }

 private:
  std::string path_;
};

/// Tells when the list in a file was changed. One thread.
class AllowlistWatch {
 public:
  explicit AllowlistWatch(std::string path) : path_(std::move(path)) {}

  /// The list, if its file is another than at the last call (at the first: always). No file: nobody
  /// is allowed. \return an error once for each change to something that cannot be read: what was
  /// allowed before should stay so, and a person be told.
  Result<std::optional<Allowlist>> changed();

 private:
  std::string path_;
  std::optional<std::string> seen_;  // what stat(2) said
};

}  // namespace swarmlab::keys
