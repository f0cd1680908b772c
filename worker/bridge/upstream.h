// Requests to the real provider, whose answers pass by as they come.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"
#include "common/strong_id.h"
#include "worker/bridge/address.h"
#include "worker/bridge/http.h"
#include "worker/bridge/url.h"
#include "worker/bridge/way.h"

namespace swarmlab::worker {

/// Thread-safe: several requests at a time, each with a connection of its own. Follows no redirect,
/// keeps no cookie; certificates are checked.
class Upstream {
 public:
  struct Options {
    Url url = {};
    Milliseconds silence{0};      // between two bytes of the answer
    std::string ca_file = {};     // empty: the system's
    std::optional<Way> way = {};  // none: straight there
    Resolve resolve = {};         // empty: the system's
  };
  explicit Upstream(Options options);
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;
  Upstream(Upstream&&) = delete;
  Upstream& operator=(Upstream&&) = delete;
  ~Upstream();

  // Both say whether to go on.
  using OnHead = std::function<bool(int status, const HttpHeaders& headers)>;
  using OnBytes = std::function<bool(std::string_view bytes)>;

  /// \return unavailable if there was no answer, or not all of it, and it was not told to end
  /// \param stop  of the wait for an address
  Result<void> exchange(const HttpRequest& request, const OnHead& on_head, const OnBytes& on_bytes,
                        const CancelToken& stop);

  /// Ends what is under way, and all that comes. What just begins to connect may be missed: call it
  /// again until all have returned.
  void hang_up();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace swarmlab::worker
