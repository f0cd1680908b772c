#include "coordinator/store/rocksdb_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>

#include <algorithm>

namespace swarmlab::store {

namespace {

constexpr std::uint64_t kMiB = 1ULL << 20U;

bool has_compression(rocksdb::CompressionType type) {
  return std::ranges::count(rocksdb::GetSupportedCompressions(), type) > 0;
}

// Whether most of the store's bytes are in this family.
bool is_bulk(Family family) {
  return family == Family::experiments || family == Family::events || family == Family::blobs;
}

}  // namespace

rocksdb::DBOptions database_options(rocksdb::Env* env) {
  rocksdb::DBOptions options;
  if (env != nullptr) options.env = env;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.max_open_files = 256;
  options.max_file_opening_threads = 1;  // of each family at each opening, files or not: 16 else
  options.db_write_buffer_size = 48 * kMiB;
  options.max_total_wal_size = 32 * kMiB;      // bounds the time to open after a crash
  options.avoid_flush_during_recovery = true;  // opening writes little, even on a disk that is full
  // A power loss may tear the last batch, which nobody was told of: that one is dropped, also if
  // its blocks reached the disk out of order, and all before it are there.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  // After an error of a sync nothing is known of the page cache: RocksDB must not try again by
  // itself. Writes are refused from then on, and the process starts anew from what is on disk.
  options.max_bgerror_resume_count = 0;
  options.max_background_jobs = 2;
  options.bytes_per_sync = kMiB;
  options.info_log_level = rocksdb::WARN_LEVEL;
  options.max_log_file_size = 2 * kMiB;
  options.keep_log_file_num = 4;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

FamilyOptions::FamilyOptions(bool compacts)
    : compacts_(compacts), cache_(rocksdb::NewLRUCache(32 * kMiB)) {}

rocksdb::ColumnFamilyOptions FamilyOptions::of(Family family) const {
  rocksdb::ColumnFamilyOptions options;
  options.disable_auto_compactions = !compacts_;
  options.write_buffer_size = (is_bulk(family) ? 8 : 4) * kMiB;
  options.max_write_buffer_number = 2;
  options.level_compaction_dynamic_level_bytes = true;
  options.target_file_size_base = 8 * kMiB;
  options.max_bytes_for_level_base = 32 * kMiB;
  options.max_compaction_bytes = 64 * kMiB;  // what one compaction writes fits into the reserve
  if (has_compression(rocksdb::kLZ4Compression)) options.compression = rocksdb::kLZ4Compression;
  if (is_bulk(family) && has_compression(rocksdb::kZSTD)) {
    options.bottommost_compression = rocksdb::kZSTD;
  }
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache_;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.block_size = is_bulk(family) ? 16 * 1024 : 4 * 1024;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace swarmlab::store
