// Services of labs ([backend.host_service]): started when a lab first needs one, outside of any
// sandbox, watched, and ended with the worker.
//
// Workers of one user on one machine share a service: its port is there once. Who holds the lock of
// the port runs it; before that one ends it, it waits for all who use it, and the next who needs it
// starts it anew.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "common/git/repository.h"
#include "common/model/lab.h"
#include "common/os/cancel.h"
#include "common/os/unique_fd.h"
#include "common/result.h"
#include "worker/sandbox/sandbox.h"

namespace swarmlab::worker {

// What a service is started from.
struct ServiceWish {
  const LabSettings& settings;  // with a service
  const git::Repository& repository;
  ObjectId commit;   // of the lab
  std::string data;  // folder on this host; empty: none
};

/// Thread-safe.
class HostServices {
 public:
  /// \param folder       its own: files of the labs
  /// \param environment  "NAME=VALUE" of this process: services have all of it
  HostServices(std::string folder, std::vector<std::string> environment);
  HostServices(const HostServices&) = delete;
  HostServices& operator=(const HostServices&) = delete;
  HostServices(HostServices&&) = delete;
  HostServices& operator=(HostServices&&) = delete;
  ~HostServices();

  /// Returns when the lab's service takes connections; starts it if it does not run (any more).
  /// \return unavailable with its last words if it ends, or is not ready within 30 s, or if its
  /// port
  ///         is somebody else's
  /// \return what keeps it from being ended: to be held while it is used
  [[nodiscard]] Result<UniqueFd> need(const ServiceWish& wish, const CancelToken& cancel);

 private:
  struct Service;
  [[nodiscard]] Result<void> begin(Service& service, const ServiceWish& wish);
  [[nodiscard]] Result<UniqueFd> wait_until_ready(std::unique_lock<std::mutex>& lock,
                                                  Service& service, const ServiceWish& wish,
                                                  const CancelToken& cancel);

  const std::string folder_;
  const std::vector<std::string> environment_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::map<std::string, std::unique_ptr<Service>> services_;  // by what makes them the same
  unsigned started_ = 0;
};

}  // namespace swarmlab::worker
