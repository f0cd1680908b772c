#include "worker/sandbox/gpu_devices.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "common/os/host.h"
#include "worker/sandbox/cgroup_files.h"

namespace swarmlab::sandbox {
namespace {

constexpr const char* kVisible = "CUDA_VISIBLE_DEVICES";
constexpr const char* kKnown = "/proc/driver/nvidia/gpus";

bool is_number(const std::string& id) {
  return !id.empty() && id.find_first_not_of("0123456789") == std::string::npos;
}

// That we may use: a control group may keep us from it.
bool is_device(const std::string& path) {
  struct stat about {};
  return ::stat(path.c_str(), &about) == 0 && S_ISCHR(about.st_mode) &&
         ::access(path.c_str(), R_OK | W_OK) == 0;
}

// The numbers of GPUs that we may use, in order.
std::vector<std::string> usable_gpus(const std::string& dev) {
  std::vector<std::string> numbers = gpu_files_in(dev);
  std::erase_if(numbers,
                [&](const std::string& number) { return !is_device(dev + "/nvidia" + number); });
  return numbers;
}

// "Device Minor: \t 3" of /proc/driver/nvidia/gpus/*/information.
std::string field_of(const std::string& text, const std::string& key) {
  const std::size_t at = text.find(key);
  if (at == std::string::npos) return {};
  const std::size_t begin = text.find_first_not_of(" \t", at + key.size());
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find('\n', begin) - begin);
}

// Which number the file of a GPU has that is named otherwise.
std::optional<std::string> number_of_gpu(const std::string& id, const std::string& known) {
  std::error_code error;
  for (std::filesystem::directory_iterator at(known, error), end; !error && at != end;
       at.increment(error)) {
    const std::string text = read_small_file((at->path() / "information").string());
    // A prefix that is unique does, as for CUDA.
    if (!field_of(text, "GPU UUID:").starts_with(id)) continue;
    if (std::string number = field_of(text, "Device Minor:"); is_number(number)) return number;
  }
  return std::nullopt;
}

}  // namespace

Result<GpuDevices> gpu_devices(const std::vector<std::string>& ids, const std::string& dev,
                               const std::string& known) {
  GpuDevices devices;
  if (ids.empty() || gpu_files_in(dev).empty()) return devices;
  const std::vector<std::string> usable = usable_gpus(dev);
  const auto number_of = [&](const std::string& id) -> std::optional<std::string> {
    if (!is_number(id)) return number_of_gpu(id, known);
    constexpr std::size_t kLongest = 4;
    const std::size_t index = id.size() > kLongest ? usable.size() : std::stoul(id);
    return index < usable.size() ? std::optional(usable[index]) : std::nullopt;
  };
  const auto add = [&](const std::string& name) {
    const std::string path = dev + "/" + name;
    if (!is_device(path)) return false;
    devices.files.push_back({.host = path, .inside = "/dev/" + name});
    return true;
  };
  for (const std::string& id : ids) {
    const auto number = number_of(id);
    if (!number || !add("nvidia" + *number)) {
      return fail(ErrorCode::unavailable, "GPU {}: it has no device file in {} that we may use", id,
                  dev);
    }
    devices.names.push_back(is_number(id) ? *number : id);
  }
  for (const char* const name : {"nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset"}) {
    add(name);
  }
  return devices;
}

std::string visible_alone(const std::vector<std::string>& ids) {
  const bool count = std::ranges::all_of(ids, is_number);
  std::string text;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    text.append(i == 0 ? "" : ",").append(count ? std::to_string(i) : ids[i]);
  }
  return text;
}

Result<GpuDevices> take_gpus(SandboxRequest& request, const std::string& dev) {
  SWARMLAB_TRY(devices, gpu_devices(request.gpus, dev, kKnown));
  if (devices.files.empty()) return devices;
  std::erase_if(request.env, [](const auto& variable) { return variable.first == kVisible; });
  request.env.emplace_back(kVisible, visible_alone(request.gpus));
  return devices;
}

}  // namespace swarmlab::sandbox
