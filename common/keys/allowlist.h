// Who may speak to the coordinator: public keys with a name and a role, and those that were
// revoked.
//
// As text: a line a key, `ROLE NAME PUBLIC-KEY [revoked=YYYY-MM-DDTHH:MM:SSZ]`; empty lines and
// those that begin with "#" say nothing. A revoked key stays as a tombstone: it is never allowed
// again. Names are unique among the keys that are allowed. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/keys/key.h"
#include "common/result.h"
#include "common/strong_id.h"

namespace swarmlab::keys {

// What a key may do; nobody has two roles with one key.
enum class Role : std::uint8_t {
  worker,   // take tasks and report; neither look nor steer
  viewer,   // look
  steerer,  // look and steer; as text "operator", which C++ has taken
};

[[nodiscard]] std::string_view name_of(Role role);
[[nodiscard]] std::optional<Role> role_from(std::string_view text);

// Whose key it is.
struct Holder {
  PublicKey key;
  std::string name;
  Role role;
  bool operator==(const Holder&) const = default;
};

struct Entry {
  Holder holder;
  std::optional<Timestamp> revoked_at;  // to the second
  bool operator==(const Entry&) const = default;
};

/// 1 to 64 letters, digits, '.', '_' and '-', beginning with a letter or digit.
[[nodiscard]] bool is_key_name(std::string_view name);

class Allowlist {
 public:
  /// \return invalid_input with `where` and the line's number before what is wrong with it.
  static Result<Allowlist> parse(std::string_view text, std::string_view where);
  [[nodiscard]] std::string text() const;

  /// \return conflict if the name is taken, or the key is known (revoked ones too); invalid_input
  /// if it is no name.
  Result<void> add(Holder holder);
  /// \return not_found if no allowed key has that name.
  Result<void> revoke(std::string_view name, Timestamp at);

  /// Who holds that key, if it is allowed; by its Z85 text. Valid until the list is changed.
  [[nodiscard]] const Holder* find(std::string_view public_key) const;
  [[nodiscard]] const Holder* find_name(std::string_view name) const;
  /// In the order in which they were added.
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

 private:
  Result<void> add_entry(Entry entry);

  std::vector<Entry> entries_;
  std::map<std::string, std::size_t, std::less<>> by_key_;   // revoked ones too
  std::map<std::string, std::size_t, std::less<>> by_name_;  // the allowed ones
};

/// "2026-11-21T09:52:36Z".
[[nodiscard]] std::string time_text(Timestamp at);

}  // namespace swarmlab::keys
