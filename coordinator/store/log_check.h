// Looks at RocksDB's logs before it opens them. A write-ahead log may end in a record that a crash
// tore: that one was never acknowledged, and RocksDB drops it. But it treats any damage as such an
// end, and drops all that follows without a word. Here the two are told apart: after a torn record
// none ever begins in the same file, and the next file goes on with the number that was torn.
//
// What this cannot see is damage in the very last record: acknowledged.h does.
#pragma once

#include <filesystem>

#include "common/result.h"

namespace rocksdb {
class Env;
}

namespace swarmlab::store {

/// `corrupt`, with the file and the byte, if a log in the folder is damaged in a way that only
/// damage can explain. Reads the logs once; changes nothing.
[[nodiscard]] Result<void> check_logs(const std::filesystem::path& folder, rocksdb::Env* env);

}  // namespace swarmlab::store
