// How RocksDB is tuned: bounded memory, bounded disk, quick to open.
#pragma once

#include <memory>

#include "coordinator/store/database.h"

namespace rocksdb {
class Cache;
struct ColumnFamilyOptions;
struct DBOptions;
}  // namespace rocksdb

namespace swarmlab::store {

/// `env`: null for the default one.
[[nodiscard]] rocksdb::DBOptions database_options(rocksdb::Env* env);

// The options of the column families of one database, which share a cache.
class FamilyOptions {
 public:
  /// `compacts`: whether compactions may begin as soon as it is open.
  explicit FamilyOptions(bool compacts);
  [[nodiscard]] rocksdb::ColumnFamilyOptions of(Family family) const;

 private:
  bool compacts_;
  std::shared_ptr<rocksdb::Cache> cache_;
};

}  // namespace swarmlab::store
