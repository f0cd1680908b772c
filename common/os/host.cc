#include "common/os/host.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "common/os/process.h"

namespace swarmlab {
namespace {

// /proc files have no size: they are read to their end.
std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// The value of the first line "KEY : value".
std::string value_of(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const auto colon = line.find(':');
    if (colon != std::string_view::npos && trimmed(line.substr(0, colon)) == key) {
      return std::string(trimmed(line.substr(colon + 1)));
    }
  }
  return {};
}

std::vector<std::string> gpus_of_the_driver() {
  std::vector<std::string> models;
  std::error_code error;
  for (const auto& device :
       std::filesystem::directory_iterator("/proc/driver/nvidia/gpus", error)) {
    std::string model = value_of(text_of(device.path() / "information"), "Model");
    if (!model.empty()) models.push_back(std::move(model));
  }
  return models;
}

std::vector<std::string> gpus_of_nvidia_smi() {
  const std::string program = find_program("nvidia-smi", "/usr/local/bin:/usr/bin:/bin");
  if (program.empty()) return {};
  const auto output = run_and_capture(
      {.argv = {program, "--query-gpu=name", "--format=csv,noheader"}}, std::chrono::seconds(10));
  if (!output || output->status.signaled || output->status.code != 0) return {};
  std::vector<std::string> models;
  std::istringstream lines(output->out);
  for (std::string line; std::getline(lines, line);) {
    if (const auto model = trimmed(line); !model.empty()) models.emplace_back(model);
  }
  return models;
}

unsigned usable_cores() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (::sched_getaffinity(0, sizeof cores, &cores) != 0) return 1;
  return static_cast<unsigned>(std::max(1, CPU_COUNT(&cores)));
}

}  // namespace

HostFacts read_host_facts() {
  HostFacts facts;
  utsname name{};
  if (::uname(&name) == 0) facts.name = name.nodename;
  facts.cpu_model = cpu_model_in(text_of("/proc/cpuinfo"));
  if (facts.cpu_model.empty()) facts.cpu_model = "unknown CPU";
  facts.gpus = gpus_of_the_driver();
  if (facts.gpus.empty()) facts.gpus = gpus_of_nvidia_smi();
  facts.gpu_ids = gpu_ids_in("/dev");
  facts.cores = usable_cores();
  struct sysinfo memory {};
  if (::sysinfo(&memory) == 0) {
    facts.memory_bytes = std::uint64_t{memory.totalram} * memory.mem_unit;
  }
  return facts;
}

std::vector<std::string> gpu_ids_in(const std::string& dev) {
  std::vector<std::string> ids;
  const std::size_t count = gpu_files_in(dev).size();
  for (std::size_t i = 0; i < count; ++i) ids.push_back(std::to_string(i));
  return ids;
}

std::vector<std::string> gpu_files_in(const std::string& dev) {
  constexpr std::string_view kPrefix = "nvidia";
  std::vector<unsigned> ids;
  std::error_code error;
  for (std::filesystem::directory_iterator it(dev, error), end; !error && it != end;
       it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (!name.starts_with(kPrefix)) continue;
    unsigned id = 0;
    const char* const last = name.data() + name.size();
    const auto [rest, wrong] = std::from_chars(name.data() + kPrefix.size(), last, id);
    if (wrong == std::errc() && rest == last) ids.push_back(id);  // not nvidiactl
  }
  std::ranges::sort(ids);
  std::vector<std::string> texts;
  for (const unsigned id : ids) texts.push_back(std::to_string(id));
  return texts;
}

std::string host_class(const HostFacts& facts) {
  std::map<std::string, int> count_by_model;
  for (const std::string& gpu : facts.gpus) ++count_by_model[gpu];
  std::string text = facts.cpu_model;
  for (const auto& [model, count] : count_by_model) {
    text += count == 1 ? fmt::format(" | {}", model) : fmt::format(" | {}x {}", count, model);
  }
  return text;
}

std::string cpu_model_in(std::string_view cpuinfo) {
  for (const std::string_view key : {"model name", "Model", "cpu model", "Hardware"}) {
    if (std::string model = value_of(cpuinfo, key); !model.empty()) return model;
  }
  // 64-bit ARM gives numbers only.
  const std::string implementer = value_of(cpuinfo, "CPU implementer");
  if (implementer.empty()) return {};
  return fmt::format("ARM {} part {}", implementer, value_of(cpuinfo, "CPU part"));
}

Result<std::string> self_executable() {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return fail(ErrorCode::internal, "/proc/self/exe: {}", error.message());
  struct stat running {};
  struct stat named {};
  const bool same = ::stat("/proc/self/exe", &running) == 0 && ::stat(path.c_str(), &named) == 0 &&
                    running.st_ino == named.st_ino && running.st_dev == named.st_dev;
  if (!same) {
    return fail(ErrorCode::not_found, "{}: was replaced while it runs; start it again",
                path.string());
  }
  return path.string();
}

std::string find_program(std::string_view name, std::string_view path) {
  while (!path.empty()) {
    const auto end = path.find(':');
    std::string candidate = std::string(path.substr(0, end)) + "/" + std::string(name);
    struct stat file {};
    if (::stat(candidate.c_str(), &file) == 0 && S_ISREG(file.st_mode) &&
        ::access(candidate.c_str(), X_OK) == 0) {
      return candidate;
    }
    path = end == std::string_view::npos ? std::string_view() : path.substr(end + 1);
  }
  return {};
}

}  // namespace swarmlab
