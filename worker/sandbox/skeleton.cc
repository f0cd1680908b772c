#include "worker/sandbox/skeleton.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <set>

namespace swarmlab::sandbox {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kLongestName = 99;

// A ustar file. Owner and time are always the same: the bytes name the image.
class Tar {
 public:
  void folder(const std::string& path, unsigned mode = 0755) {
    if (path.empty() || !folders_.insert(path).second) return;
    folder(above(path));
    entry(path.substr(1) + "/", '5', mode, "", 0);
  }
  void link(const std::string& path, const std::string& target) {
    folder(above(path));
    entry(path.substr(1), '2', 0777, target, 0);
  }
  void file(const std::string& path, const std::string& bytes) {
    folder(above(path));
    entry(path.substr(1), '0', 0644, "", bytes.size());
    text_ += bytes;
    text_.resize((text_.size() + kBlock - 1) / kBlock * kBlock, '\0');
  }
  [[nodiscard]] std::string finished() && {
    text_.append(2 * kBlock, '\0');
    return std::move(text_);
  }

 private:
  static std::string above(const std::string& path) { return path.substr(0, path.rfind('/')); }

  void entry(const std::string& name, char type, unsigned mode, const std::string& target,
             std::size_t size) {
    if (name.size() > kLongestName || target.size() > kLongestName) return;  // none of the view's
    std::array<char, kBlock> block{};
    const auto put = [&block](std::size_t at, std::string_view text) {
      std::memcpy(block.data() + at, text.data(), text.size());
    };
    put(0, name);
    put(100, fmt::format("{:07o}", mode));
    put(108, fmt::format("{:07o}", 0));
    put(116, fmt::format("{:07o}", 0));
    put(124, fmt::format("{:011o}", size));
    put(136, fmt::format("{:011o}", 0));
    put(148, "        ");
    block[156] = type;
    put(157, target);
    put(257, "ustar");
    put(263, "00");
    unsigned sum = 0;
    for (const char c : block) sum += static_cast<unsigned char>(c);
    put(148, fmt::format("{:06o}", sum));
    block[154] = '\0';
    text_.append(block.data(), block.size());
  }

  std::set<std::string> folders_;
  std::string text_;
};

}  // namespace

std::string skeleton_of(const SystemView& system) {
  Tar tar;
  for (const char* const path : {"/proc", "/sys", "/dev", "/run/swarmlab", "/var"}) {
    tar.folder(path);
  }
  constexpr unsigned kForAll = 01777;
  // Engines give a mount there the mode of the mount point, whatever they are told.
  for (const char* const path : {"/tmp", "/home/agent"}) tar.folder(path, kForAll);
  tar.link("/var/tmp", "../tmp");
  for (const std::string& path : system.binds) {
    if (!path.starts_with("/etc/")) tar.folder(path);
  }
  for (const auto& link : system.links) tar.link(link.path, link.target);
  for (const auto& file : system.files) tar.file(file.path, file.bytes);
  return std::move(tar).finished();
}

}  // namespace swarmlab::sandbox
