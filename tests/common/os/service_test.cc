#include "common/os/service.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

#include "common/os/file.h"

namespace swarmlab {
namespace {

// Listens as systemd does.
class Listener {
 public:
  explicit Listener(const std::string& name)
      : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), size), 0)
        << std::strerror(errno);
  }
  // A datagram of the same machine is there when it was sent. Empty: there is none.
  [[nodiscard]] std::string next() const {
    std::string bytes(4096, '\0');
    const ssize_t size = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
    bytes.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return bytes;
  }

 private:
  UniqueFd socket_;
};

Service service_at(const std::string& socket, const std::string& watchdog_usec = "",
                   const std::string& watchdog_pid = "") {
  auto service = Service::from({socket, watchdog_usec, watchdog_pid});
  EXPECT_TRUE(service) << service.error().message;
  return *std::move(service);
}

TEST(Service, TellsWhatHappensToAPath) {
  const auto folder = *TempFolder::create(::testing::TempDir(), "service");
  const Listener systemd(folder.path() + "/notify");
  const Service service = service_at(folder.path() + "/notify");
  service.ready();
  service.status("serves 2 labs\nfor all");
  service.still_alive();
  service.reloading();
  service.stopping();
  EXPECT_EQ(systemd.next(), "READY=1");
  EXPECT_EQ(systemd.next(), "STATUS=serves 2 labs for all");
  EXPECT_EQ(systemd.next(), "WATCHDOG=1");
  EXPECT_TRUE(systemd.next().starts_with("RELOADING=1\nMONOTONIC_USEC="));
  EXPECT_EQ(systemd.next(), "STOPPING=1");
  EXPECT_EQ(systemd.next(), "");
}

TEST(Service, TellsItToANameOfTheAbstractNamespace) {
  const std::string name = "@swarmlab-test-" + std::to_string(::getpid());
  const Listener systemd(name);
  service_at(name).ready();
  EXPECT_EQ(systemd.next(), "READY=1");
}

TEST(Service, IsSilentWhenNobodyWantsToHear) {
  const Service service = service_at("");
  service.ready();
  EXPECT_FALSE(service.watchdog_interval());
}

TEST(Service, DoesNotFailWhenNobodyListens) {
  service_at("/nonexistent/notify").ready();
}

TEST(Service, RefusesANameThatIsNone) {
  EXPECT_FALSE(Service::from({"relative", "", ""}));
  EXPECT_FALSE(Service::from({"@", "", ""}));
  EXPECT_FALSE(Service::from({"/" + std::string(200, 'x'), "", ""}));
}

TEST(Service, IsToldHowOftenToSayThatItIsAlive) {
  const std::string own = std::to_string(::getpid());
  EXPECT_EQ(service_at("/x", "30000000", own).watchdog_interval(), Milliseconds(15'000));
  EXPECT_EQ(service_at("/x", "30000000").watchdog_interval(), Milliseconds(15'000));
  EXPECT_EQ(service_at("/x", "30000000", "1").watchdog_interval(), std::nullopt) << "for another";
  EXPECT_EQ(service_at("/x", "soon").watchdog_interval(), std::nullopt);
  EXPECT_EQ(service_at("/x", "0").watchdog_interval(), std::nullopt);
}

}  // namespace
}  // namespace swarmlab
