// The format of RocksDB's logs (WAL and MANIFEST): blocks of 32 KiB with fragments of records, each
// with a checksum. Read here only to tell damage from the end that a crash leaves.
// See https://github.com/facebook/rocksdb/wiki/Write-Ahead-Log-File-Format
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace swarmlab::store {

struct LogScan {
  // The first byte that makes no sense; nothing: the file is whole.
  std::optional<std::size_t> bad_at;
  // Whether a record begins after it: a crash does not leave that, it tears the last record.
  bool goes_on = false;
  // The fragment there is whole but for its length: a crash does not leave that either.
  bool length_changed = false;

  // Of write-ahead logs: the numbers of the first intact record, and what comes after the last.
  std::optional<std::uint64_t> first_number;
  std::optional<std::uint64_t> next_number;
};

[[nodiscard]] LogScan scan_log(std::string_view file);

/// Castagnoli's, as RocksDB's logs have it.
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes);

}  // namespace swarmlab::store
