#include "worker/server/gpu_pool.h"

#include <algorithm>
#include <iterator>

namespace swarmlab::worker {

std::string GpuPool::Loan::visible_devices() const {
  std::string list;
  for (const std::string& id : ids_) list += (list.empty() ? "" : ",") + id;
  return list;
}

Result<GpuPool::Loan> GpuPool::borrow(std::uint32_t count) {
  const std::lock_guard lock(mutex_);
  if (free_.size() < count) {
    return fail(ErrorCode::unavailable, "{} GPUs are free here, expected {}", free_.size(), count);
  }
  const auto end = free_.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<std::string> ids(std::make_move_iterator(free_.begin()),
                               std::make_move_iterator(end));
  free_.erase(free_.begin(), end);
  return Loan(*this, std::move(ids));
}

void GpuPool::give_back(const std::vector<std::string>& ids) {
  const std::lock_guard lock(mutex_);
  free_.insert(free_.end(), ids.begin(), ids.end());
}

}  // namespace swarmlab::worker
