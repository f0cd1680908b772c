// Packs: how fast they are made, checked, stored and carried to a coordinator over loopback TCP,
// and how much memory that takes; and small candidates, a durable pack each.
//
//   bench_packs FOLDER [MEGABYTES]
//
// FOLDER is made, and removed at the end. The data gets no smaller by deflating.
#include <fmt/core.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <thread>

#include "common/git/checkout.h"
#include "common/git/data_commit.h"
#include "common/git/library.h"
#include "common/git/pack.h"
#include "common/net/client.h"
#include "common/os/file.h"
#include "common/wire/message.h"
#include "common/wire/message_codec.h"
#include "common/wire/record_codec.h"
#include "coordinator/server/server.h"

namespace swarmlab {
namespace {

using Clock = std::chrono::steady_clock;

template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  fmt::print(stderr, "{}\n", result.error().message);
  std::_Exit(1);
}
void must(const Result<void>& result) {
  if (result) return;
  fmt::print(stderr, "{}\n", result.error().message);
  std::_Exit(1);
}

// Of what the process had of its own at most; not of files that the kernel keeps for it.
std::uint64_t own_memory_kib() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("RssAnon:")) return std::strtoull(line.c_str() + 8, nullptr, 10);
  }
  return 0;
}

class Figures {
 public:
  template <class Action>
  void measure(const char* what, double megabytes, const Action& action) const {
    std::atomic<bool> over = false;
    std::uint64_t most = own_memory_kib();
    const std::uint64_t before = most;
    std::thread watch([&] {
      while (!over.load()) {
        most = std::max(most, own_memory_kib());
        ::usleep(2000);
      }
    });
    const auto begin = Clock::now();
    action();
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    over = true;
    watch.join();
    fmt::print("{:<44} {:>8.2f} s {:>8.0f} MB/s  +{} KiB of memory\n", what, seconds,
               megabytes / seconds, most - before);
  }
};

void write_noise(const std::string& path, std::uint64_t bytes) {
  std::ofstream file(path, std::ios::binary);
  std::string piece(1U << 20U, '\0');
  std::uint64_t state = 88172645463325252ULL;
  for (std::uint64_t done = 0; done < bytes; done += piece.size()) {
    for (char& c : piece) {
      state ^= state << 13U;
      state ^= state >> 7U;
      state ^= state << 17U;
      c = static_cast<char>(state);
    }
    file << piece;
  }
}

// As a person's command line sends, with 2 MiB on their way; then as a worker fetches.
class Peer {
 public:
  explicit Peer(const std::string& address) {
    net::ClientOptions options;
    options.id_of = wire::request_id_of;
    client_.emplace(must(net::Client::connect(address, std::move(options))));
  }
  using Body = schema::Envelope::Body::Builder;
  template <class Fill>
  std::future<Result<std::string>> begin(const Fill& fill) {
    const std::uint64_t id = client_->next_id();
    wire::Outgoing request(id);
    fill(request.body());
    return client_->request(id, request.bytes(), std::chrono::seconds(60));
  }
  static wire::Incoming reply(std::future<Result<std::string>> waiting) {
    const std::string bytes = must(waiting.get());
    return must(wire::Incoming::parse(wire::bytes_of(bytes)));
  }

  void send(const std::string& path, const git::DataPack& data) {
    std::ifstream file(path, std::ios::binary);
    std::deque<std::future<Result<std::string>>> waiting;
    std::string piece(schema::CHUNK_BYTES, '\0');
    for (std::uint64_t offset = 0; offset < data.pack.bytes; offset += piece.size()) {
      file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
      piece.resize(static_cast<std::size_t>(file.gcount()));
      waiting.push_back(begin([&](Body body) {
        auto chunk = body.initPackChunk();
        chunk.setToken(1);
        chunk.setOffset(offset);
        chunk.setData(wire::data_of(piece));
        chunk.setSize(data.pack.bytes);
        chunk.setHash(wire::data_of(data.pack.hash));
      }));
      if (waiting.size() < 8) continue;
      reply(std::move(waiting.front()));
      waiting.pop_front();
    }
    while (!waiting.empty()) {
      reply(std::move(waiting.front()));
      waiting.pop_front();
    }
  }

  void wait_until_stored(const git::DataPack& data) {
    while (true) {
      const auto answer = reply(begin([&](Body body) {
        auto put = body.initPutCommit();
        put.setCommit(wire::data_of(data.commit));
        put.setToken(1);
        put.setSize(data.pack.bytes);
        put.setHash(wire::data_of(data.pack.hash));
      }));
      if (answer.body().isDone()) return;
      ::usleep(5000);
    }
  }

 private:
  std::optional<net::Client> client_;
};

// A candidate of 4 kB, each a durable pack of its own.
void measure_candidates(const std::string& folder) {
  constexpr int kCandidates = 500;
  auto lab = must(git::Repository::init_bare(folder + "/lab.git"));
  auto store = must(git::Repository::init_bare(folder + "/store.git"));
  const ObjectId empty = *ObjectId::from_hex("4b825dc642cb6eb9a060e54bf8d69288fbee4904");
  const git::CommitText text{.author_name = "a", .author_email = "a@b", .at = {}, .message = "m"};
  const ObjectId base = must(lab.commit(must(lab.replace_paths(empty, {})), {}, text));
  must(git::copy_commit(lab, base, store));
  std::vector<std::pair<ObjectId, std::string>> packs;
  for (int i = 0; i < kCandidates; ++i) {
    std::string bytes(4096, 'x');
    bytes += std::to_string(i);
    const ObjectId blob = must(lab.write_blob(bytes));
    const ObjectId tree = must(lab.replace_paths(
        empty, {{.path = "f", .leaf = git::Leaf{.mode = git::FileMode::regular, .id = blob}}}));
    const ObjectId commit = must(lab.commit(tree, {base}, text));
    packs.emplace_back(commit, must(git::make_pack(lab, {commit}, {base})));
  }
  for (const std::size_t burst : {std::size_t{1}, std::size_t{16}}) {
    auto fresh = must(git::Repository::init_bare(fmt::format("{}/fresh-{}.git", folder, burst)));
    must(git::copy_commit(lab, base, fresh));
    const git::Library durable({.fsync = true});
    const auto begin = Clock::now();
    for (std::size_t i = 0; i < packs.size(); i += burst) {
      git::PackIngest ingest(fresh);
      for (std::size_t j = i; j < std::min(i + burst, packs.size()); ++j) {
        must(ingest.add(packs[j].second, packs[j].first));
      }
      must(ingest.commit());
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    fmt::print("candidates of 4 kB, durable, {:>2} a burst {:>27.0f} /s\n", burst,
               kCandidates / seconds);
  }
}

void run(const std::string& folder, std::uint64_t megabytes) {
  const git::Library library({.fsync = false});
  const auto size = static_cast<double>(megabytes);
  const Figures figures;
  must(make_folders(folder + "/data"));
  write_noise(folder + "/data/noise", megabytes << 20U);
  measure_candidates(folder);
  git::DataPack data;
  figures.measure("a pack of a folder", size,
                  [&] { data = must(git::write_data_pack(folder + "/data", folder + "/pack")); });
  auto repository = must(git::Repository::init_bare(folder + "/cache.git"));
  figures.measure("checked and stored", size,
                  [&] { must(git::store_pack_file(repository, folder + "/pack", data.commit)); });
  figures.measure("made from objects", size, [&] {
    must(git::write_pack_file(repository, {data.commit}, {}, folder + "/again"));
  });
  figures.measure("checked out", size, [&] {
    must(git::checkout_tree(repository, data.manifest.tree, folder + "/out"));
  });

  SystemClock clock;
  server::ServerOptions options;
  options.folder = folder + "/state";
  options.address = "tcp://127.0.0.1:0";
  const auto server = must(server::Server::start(options, clock));
  std::thread serving([&] { must(server->run()); });
  Peer peer(server->address());
  figures.measure("sent to the coordinator", size, [&] { peer.send(folder + "/pack", data); });
  figures.measure("... and taken in there, durable", size, [&] { peer.wait_until_stored(data); });
  server->request_stop();
  serving.join();
}

}  // namespace
}  // namespace swarmlab

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: bench_packs FOLDER [MEGABYTES]\n");
    return 2;
  }
  const std::string folder = argv[1];
  swarmlab::run(folder, argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 256);
  return swarmlab::remove_tree(folder) ? 0 : 1;
}
