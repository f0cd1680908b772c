#include "coordinator/server/keyring.h"

#include <algorithm>

#include "common/log/log.h"

namespace swarmlab::server {
namespace {

constexpr const char* kOwner = "server";  // a name that no other key can have

std::size_t allowed_in(const keys::Allowlist& list) {
  return static_cast<std::size_t>(std::ranges::count_if(
      list.entries(), [](const keys::Entry& entry) { return !entry.revoked_at; }));
}

}  // namespace

Result<Keyring> Keyring::open(const std::string& folder) {
  keys::KeyFolder files(folder);
  auto server = files.server_key();
  if (!server && server.error().code == ErrorCode::not_found) {
    return fail(ErrorCode::not_found,
                "{}: no keys here yet; make one with: swarmlab keys new NAME --role worker",
                folder);
  }
  if (!server) return tl::unexpected(server.error());
  Keyring ring(std::move(files), *std::move(server));
  SWARMLAB_CHECK(ring.try_refresh());
  return ring;
}

bool Keyring::refresh(bool again) {
  if (again) watch_ = keys::AllowlistWatch(folder_.allowed_file());
  const auto refreshed = try_refresh();
  if (!refreshed) {
    log::error("the list of keys stays as it was: {}", refreshed.error().message);
    return false;
  }
  return *refreshed;
}

Result<bool> Keyring::try_refresh() {
  SWARMLAB_TRY(list, watch_.changed());
  if (!list) return false;
  log::info("the list of keys was read{}", log::field("allowed", allowed_in(*list)));
  SWARMLAB_CHECK(
      list->add({.key = server_.public_key(), .name = kOwner, .role = keys::Role::steerer}));
  gate_->replace(*std::move(list));
  return true;
}

}  // namespace swarmlab::server
