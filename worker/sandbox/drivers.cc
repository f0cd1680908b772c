#include "worker/sandbox/drivers.h"

#include <algorithm>
#include <utility>

namespace swarmlab::sandbox {
namespace {

constexpr std::string_view kNone = "none";
constexpr std::string_view kExpected =
    "bubblewrap, docker, podman, runsc, runner with commas between, or none alone";

Result<std::unique_ptr<Sandbox>> open(SandboxDriver driver, SandboxOptions options) {
  // What one clears up at its start is not the other's.
  if (!options.folder.empty()) options.folder.append("/").append(name_of(driver));
  switch (driver) {
    case SandboxDriver::any:
    case SandboxDriver::bubblewrap:
      return make_bubblewrap(options);
    case SandboxDriver::docker:
      return make_docker(options);
    case SandboxDriver::podman:
      return make_podman(options);
    case SandboxDriver::runner:
      return make_runner(options);
    case SandboxDriver::runsc:
      return make_runsc(options);
  }
  return fail(ErrorCode::internal, "{} is no driver of this build", name_of(driver));
}

// Gives each request to the driver that it asks for.
class Several final : public Sandbox {
 public:
  using Members = std::vector<std::pair<SandboxDriver, std::unique_ptr<Sandbox>>>;
  explicit Several(Members members) : members_(std::move(members)) {}

  [[nodiscard]] Result<SandboxResult> run(const SandboxRequest& request,
                                          const CancelToken& cancel) override {
    SWARMLAB_TRY(driver, member_for(request.driver, !request.image.empty()));
    return driver->run(request, cancel);
  }
  [[nodiscard]] std::string_view name() const override { return members_.front().second->name(); }
  [[nodiscard]] Result<bool> has_image(const ImageWish& wish) override {
    SWARMLAB_TRY(driver, member_for(wish.driver, true));
    return driver->has_image(wish);
  }
  [[nodiscard]] Result<void> build_image(const ImageWish& wish,
                                         const CancelToken& cancel) override {
    SWARMLAB_TRY(driver, member_for(wish.driver, true));
    return driver->build_image(wish, cancel);
  }

 private:
  Result<Sandbox*> member_for(SandboxDriver driver, bool wants_image) const {
    for (const auto& [which, sandbox] : members_) {
      const bool fits =
          driver == SandboxDriver::any ? !wants_image || has_images(which) : which == driver;
      if (fits) return sandbox.get();
    }
    std::string ours;
    for (const auto& [which, sandbox] : members_) {
      ours.append(ours.empty() ? "" : ", ").append(name_of(which));
    }
    return fail(ErrorCode::unavailable, "the lab's sandbox is {}, but this worker has {}",
                driver == SandboxDriver::any ? "docker, podman or runsc" : name_of(driver), ours);
  }

  Members members_;
};

}  // namespace

Result<std::vector<SandboxDriver>> drivers_in(std::string_view words) {
  std::vector<SandboxDriver> drivers;
  if (words == kNone) return drivers;
  for (std::size_t begin = 0; begin <= words.size();) {
    const std::size_t end = std::min(words.find(',', begin), words.size());
    const auto driver = sandbox_driver_from(words.substr(begin, end - begin));
    if (!driver || std::ranges::find(drivers, *driver) != drivers.end()) {
      return fail(ErrorCode::invalid_input, "--sandbox is \"{}\", expected {}", words, kExpected);
    }
    drivers.push_back(*driver);
    begin = end + 1;
  }
  return drivers;
}

Result<Chosen> open_drivers(std::string_view words, const SandboxOptions& options) {
  SWARMLAB_TRY(drivers, drivers_in(words));
  if (drivers.empty()) {
    SWARMLAB_TRY(none, make_none(options));
    return Chosen{.sandbox = std::move(none), .drivers = {}};
  }
  Several::Members members;
  for (const SandboxDriver driver : drivers) {
    SWARMLAB_TRY(sandbox, open(driver, options));
    members.emplace_back(driver, std::move(sandbox));
  }
  return Chosen{.sandbox = std::make_unique<Several>(std::move(members)),
                .drivers = std::move(drivers)};
}

Result<std::string> drivers_for(const std::vector<SandboxSettings>& labs) {
  std::vector<SandboxDriver> drivers;
  const auto need = [&drivers](SandboxDriver driver) {
    if (std::ranges::find(drivers, driver) == drivers.end()) drivers.push_back(driver);
  };
  // First what runs labs that ask for nothing.
  for (const SandboxSettings& lab : labs) {
    if (lab.driver == SandboxDriver::any && !lab.wants_image()) need(SandboxDriver::bubblewrap);
  }
  for (const SandboxSettings& lab : labs) {
    if (lab.driver != SandboxDriver::any) need(lab.driver);
  }
  for (const SandboxSettings& lab : labs) {
    const bool is_served = std::ranges::any_of(drivers, has_images);
    if (lab.driver != SandboxDriver::any || !lab.wants_image() || is_served) continue;
    SWARMLAB_TRY(engine, engine_here());
    need(engine);
  }
  std::string words;
  for (const SandboxDriver driver : drivers) {
    words.append(words.empty() ? "" : ",").append(name_of(driver));
  }
  return words;
}

}  // namespace swarmlab::sandbox
