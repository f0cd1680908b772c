// The GPUs of a worker: each attempt borrows as many as its lease takes, and no two have the same.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/result.h"

namespace swarmlab::worker {

/// Thread-safe: slots use it at the same time.
class GpuPool {
 public:
  /// \param ids  as CUDA_VISIBLE_DEVICES takes them
  explicit GpuPool(std::vector<std::string> ids) : free_(std::move(ids)) {}

  // Gives its devices back. Must not outlive the pool.
  class Loan {
   public:
    Loan(GpuPool& pool, std::vector<std::string> ids) : pool_(&pool), ids_(std::move(ids)) {}
    Loan(Loan&& other) noexcept : pool_(other.pool_), ids_(std::move(other.ids_)) {
      other.ids_.clear();
    }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    Loan& operator=(Loan&&) = delete;
    ~Loan() {
      if (!ids_.empty()) pool_->give_back(ids_);  // a loan that was moved on has none
    }

    /// "0,2"; empty: none, and programs must see none.
    [[nodiscard]] std::string visible_devices() const;
    [[nodiscard]] const std::vector<std::string>& ids() const { return ids_; }

   private:
    GpuPool* pool_;
    std::vector<std::string> ids_;
  };

  /// Those that are free for longest. \return unavailable if there
  /// are not so many
  [[nodiscard]] Result<Loan> borrow(std::uint32_t count);

 private:
  void give_back(const std::vector<std::string>& ids);

  std::mutex mutex_;
  std::vector<std::string> free_;
};

}  // namespace swarmlab::worker
