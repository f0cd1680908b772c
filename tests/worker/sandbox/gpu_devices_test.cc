// GPUs of a run: with device files that stand in for NVIDIA's, as no test has those.
#include "worker/sandbox/gpu_devices.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include "common/os/unique_fd.h"
#include "tests/worker/sandbox/fixture.h"
#include "worker/sandbox/bubblewrap_args.h"
#include "worker/sandbox/oci_args.h"

namespace swarmlab::sandbox {
namespace {

using Words = std::vector<std::string>;

// A folder like /dev, whose files give what /dev/zero gives.
class Gpus : public SandboxTest {
 protected:
  void SetUp() override {
    for (const char* const name : {"nvidia0", "nvidia1", "nvidia2", "nvidiactl", "nvidia-uvm"}) {
      if (::mknod((dev / name).c_str(), S_IFCHR | 0666, makedev(1, 5)) != 0 ||
          ::chmod((dev / name).c_str(), 0666) != 0) {
        GTEST_SKIP() << "no device file can be made here";
      }
    }
    if (!UniqueFd(::open((dev / "nvidia0").c_str(), O_RDONLY | O_CLOEXEC))) {
      GTEST_SKIP() << "device files do not work in " << dev.path();
    }
    std::filesystem::create_directories(dev / "gpus/0000:0a:00.0");
    dev.write("gpus/0000:0a:00.0/information",
              "Model: \t\t H100\nGPU UUID: \t GPU-7f1e\nDevice Minor: \t 2\n");
  }
  [[nodiscard]] Result<GpuDevices> devices(const Words& ids) const {
    return gpu_devices(ids, dev.path(), dev / "gpus");
  }
  [[nodiscard]] Words inside(const Words& ids) const {
    Words names;
    const auto found = devices(ids);
    EXPECT_TRUE(found) << (found ? "" : found.error().message);
    if (!found) return names;
    for (const auto& file : found->files) names.push_back(file.inside);
    return names;
  }
  static bool has(const Words& words, const Words& wanted) {
    return !std::ranges::search(words, wanted).empty();
  }
  [[nodiscard]] Words words_for(const Engine& engine, SandboxRequest request) const {
    const auto found = devices(request.gpus);
    EXPECT_TRUE(found);
    RunPlaces places{};
    places.devices = *found;
    return run_words(engine, {}, request, places);
  }
  Folder dev;
};

TEST_F(Gpus, HaveTheirOwnFilesAndThoseOfTheDriver) {
  EXPECT_EQ(inside({"0", "2"}),
            Words({"/dev/nvidia0", "/dev/nvidia2", "/dev/nvidiactl", "/dev/nvidia-uvm"}));
  EXPECT_EQ(inside({"GPU-7f"}), Words({"/dev/nvidia2", "/dev/nvidiactl", "/dev/nvidia-uvm"}));
  EXPECT_EQ(inside({}), Words());
}

TEST_F(Gpus, ThatHaveNoFileAreToldOrRefused) {
  const auto found = devices({"0", "7"});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message,
            "GPU 7: it has no device file in " + dev.path() + " that we may use");
  EXPECT_FALSE(devices({"../null"}));
  const Folder none;
  EXPECT_TRUE(gpu_devices({"0"}, none.path(), "")->files.empty());
}

TEST_F(Gpus, AreCountedOverThoseThatWeMayUse) {
  std::filesystem::remove(dev / "nvidia0");
  EXPECT_EQ(inside({"0"}), Words({"/dev/nvidia1", "/dev/nvidiactl", "/dev/nvidia-uvm"}));
  EXPECT_EQ(devices({"1", "GPU-7f"})->names, Words({"2", "GPU-7f"}));
}

TEST(GpusAlone, AreCountedFromZero) {
  EXPECT_EQ(visible_alone({"2", "5"}), "0,1");
  EXPECT_EQ(visible_alone({"GPU-a", "GPU-b"}), "GPU-a,GPU-b");
  EXPECT_EQ(visible_alone({}), "");
}

TEST_F(Gpus, AreAskedForAsTheEngineHasThem) {
  const std::string file = dev / "nvidia1:/dev/nvidia1";
  Engine engine{.name = "docker", .program = "docker", .gpus = GpuWay::runtime};
  EXPECT_TRUE(has(words_for(engine, {.gpus = {"1"}}), {"--device", file}));
  EXPECT_TRUE(has(words_for(engine, {.image = "i", .gpus = {"1"}}), {"--gpus", "device=1"}));
  EXPECT_TRUE(
      has(words_for(engine, {.image = "i", .gpus = {"0", "2"}}), {"--gpus", "\"device=0,2\""}));
  engine.gpus = GpuWay::cdi;
  EXPECT_TRUE(has(words_for(engine, {.image = "i", .gpus = {"0", "2"}}),
                  {"--device", "nvidia.com/gpu=0", "--device", "nvidia.com/gpu=2"}));
  engine.gpus = GpuWay::files;
  const Words words = words_for(engine, {.image = "i", .gpus = {"1"}});
  EXPECT_TRUE(has(words, {"--device", file}));
  EXPECT_FALSE(has(words, {"--device", dev / "nvidia0:/dev/nvidia0"}));
}

TEST_F(Gpus, OfALeaseAreThereAndNoOthers) {
  auto made = make_driver({.devices = dev.path()});
  ASSERT_TRUE(made) << made.error().message;
  SandboxRequest request = request_for(
      "echo \"$CUDA_VISIBLE_DEVICES\"; cd /dev; for f in nvidia*; do echo $f; done; "
      "head -c 3 nvidia2 | od -An -tu1; echo x > nvidia2 && echo written");
  request.env = {{"CUDA_VISIBLE_DEVICES", "2"}};
  request.gpus = {"2"};
  const auto ran = (*made)->run(request, CancelToken());
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->out, "0\nnvidia-uvm\nnvidia2\nnvidiactl\n   0   0   0\nwritten\n") << ran->err;
  request.command = "ls /dev | grep -c nvidia";
  request.gpus = {};
  EXPECT_EQ((*made)->run(request, CancelToken())->out, "0\n");
}

}  // namespace
}  // namespace swarmlab::sandbox
