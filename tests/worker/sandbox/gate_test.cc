// A gate is the only way out of a sandbox, and nothing inside can close it for others, use it after
// the end, or reach the gate of somebody else.
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/worker/sandbox/fixture.h"

namespace swarmlab::sandbox {
namespace {

constexpr std::uint16_t kPort = 4100;

// Says a word to each who comes, and hangs up.
Gate greeter(std::uint16_t port, std::string word, std::atomic<int>* calls = nullptr) {
  return {.port = port, .take = [word = std::move(word), calls](const UniqueFd& connection) {
            if (calls != nullptr) ++*calls;
            ::send(connection.get(), word.data(), word.size(), MSG_NOSIGNAL);
          }};
}

constexpr const char* kCall = R"(
import socket, sys
def call(port):
  with socket.create_connection(('127.0.0.1', port), 10) as server:
    return server.makefile().read()
)";

class SandboxGates : public SandboxTest {
 protected:
  static SandboxRequest with_gate(const std::string& script, std::vector<Gate> gates) {
    SandboxRequest request = python(kCall + script);
    request.gates = std::move(gates);
    return request;
  }
};

TEST_F(SandboxGates, AreOpenBeforeTheCommandStarts) {
  const auto request = with_gate("print(call(4100), call(4101))",
                                 {greeter(kPort, "bridge"), greeter(kPort + 1, "proxy")});
  EXPECT_EQ(output_of(request), "bridge proxy\n");
}

TEST_F(SandboxGates, CarryBytesBothWays) {
  std::vector<std::thread> threads;
  const Gate echo{.port = kPort, .take = [&](UniqueFd connection) {
                    threads.emplace_back([fd = std::move(connection)] {
                      std::array<char, 4096> bytes{};
                      ssize_t size = 0;
                      while ((size = ::read(fd.get(), bytes.data(), bytes.size())) > 0) {
                        ::send(fd.get(), bytes.data(), static_cast<std::size_t>(size),
                               MSG_NOSIGNAL);
                      }
                    });
                  }};
  const auto request = with_gate(R"(
import threading
sent = b'x' * 3_000_000
with socket.create_connection(('127.0.0.1', 4100)) as server:
  def send():
    server.sendall(sent)
    server.shutdown(socket.SHUT_WR)
  threading.Thread(target=send).start()
  print(server.makefile('rb').read() == sent)
)",
                                 {echo});
  EXPECT_EQ(output_of(request), "True\n");
  for (std::thread& thread : threads) thread.join();
}

TEST_F(SandboxGates, AreAllThatThereIsOfANetwork) {
  const auto request = with_gate(R"(
print([name for _, name in socket.if_nameindex()])
for place in [('127.0.0.1', 4101), ('192.0.2.1', 80), ('169.254.169.254', 80)]:
  try: socket.create_connection(place, 2); print('connected', place)
  except OSError: pass
try: socket.getaddrinfo('example.org', 80); print('resolved')
except OSError: pass
)",
                                 {greeter(kPort, "")});
  EXPECT_EQ(output_of(request), "['lo']\n");
}

TEST_F(SandboxGates, OfOneSandboxLeadNowhereFromAnother) {
  std::atomic<int> calls = 0;
  std::string others;
  // The second runs while the first waits for it.
  Gate gate = greeter(kPort, "mine", &calls);
  gate.take = [take = gate.take, &others](UniqueFd connection) {
    if (others.empty()) {
      others = output_of(
          python(std::string(kCall) + "try: print(call(4100))\nexcept OSError: print('refused')"));
    }
    take(std::move(connection));
  };
  EXPECT_EQ(output_of(with_gate("print(call(4100))", {std::move(gate)})), "mine\n");
  EXPECT_EQ(others, "refused\n");
  EXPECT_EQ(calls, 1);
}

TEST_F(SandboxGates, AreNotOpenAtTheLoopbackOfTheHost) {
  const auto request =
      with_gate("print(call(4100))",
                {Gate{.port = kPort, .take = [](const UniqueFd& connection) {
                        const UniqueFd other(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
                        sockaddr_in address{};
                        address.sin_family = AF_INET;
                        address.sin_port = htons(kPort);
                        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
                        const int connected = ::connect(
                            other.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
                        const std::string_view said = connected == 0 ? "open" : "closed";
                        ::send(connection.get(), said.data(), said.size(), MSG_NOSIGNAL);
                      }}});
  EXPECT_EQ(output_of(request), "closed\n");
}

TEST_F(SandboxGates, StayOpenWhateverIsKilledInside) {
  const auto request = with_gate(R"(
import os, signal
for pid in [int(p) for p in os.listdir('/proc') if p.isdigit()]:
  if pid not in (1, os.getpid()): os.kill(pid, signal.SIGKILL)
try: socket.socket().bind(('127.0.0.1', 4100)); print('taken')
except OSError: pass
print(call(4100))
)",
                                 {greeter(kPort, "here")});
  EXPECT_EQ(output_of(request), "here\n");
}

TEST_F(SandboxGates, BearMoreCallersThanAreTaken) {
  std::atomic<int> calls = 0;
  const auto request = with_gate(R"(
for i in range(150):
  try: socket.create_connection(('127.0.0.1', 4100), 10).close()
  except OSError: print('failed')
print(call(4100))
)",
                                 {greeter(kPort, "still here", &calls)});
  EXPECT_EQ(output_of(request), "still here\n");
  EXPECT_EQ(calls, 151);
}

TEST_F(SandboxGates, BearCallersWhoStay) {
  std::vector<UniqueFd> taken;
  const Gate keeper{.port = kPort, .take = [&](UniqueFd connection) {
                      if (taken.size() < 200) taken.push_back(std::move(connection));
                    }};
  const auto request = with_gate(R"(
held = []
for i in range(400):
  try: held.append(socket.create_connection(('127.0.0.1', 4100), 20)); held[-1].sendall(b'x')
  except OSError: pass
for one in held: one.close()
word = ''
while not word: word = call(4101)  # closed at once as long as those who went are not noticed
print(word)
)",
                                 {keeper, greeter(kPort + 1, "still here")});
  EXPECT_EQ(output_of(request), "still here\n");
  EXPECT_EQ(taken.size(), 200U);
}

TEST_F(SandboxGates, EndWithTheSandbox) {
  std::vector<UniqueFd> connections;
  const auto request = with_gate(
      R"(
import os, time
servers = [socket.create_connection(('127.0.0.1', 4100)) for _ in range(3)]
if os.fork() == 0:
  os.setsid()
  time.sleep(600)
servers[0].recv(1)
)",
      {Gate{.port = kPort, .take = [&](UniqueFd connection) {
              connections.push_back(std::move(connection));
              if (connections.size() == 3) ::shutdown(connections[0].get(), SHUT_RDWR);
            }}});
  EXPECT_TRUE(run(request).succeeded());
  ASSERT_EQ(connections.size(), 3);
  char byte = 0;  // who was connected is dead: there is an end of the stream, not a wait
  EXPECT_EQ(::recv(connections[1].get(), &byte, 1, 0), 0);
}

TEST_F(SandboxGates, DoNotOutliveACancel) {
  const auto cancel = CancelSource::make();
  ASSERT_TRUE(cancel.has_value());
  const auto request =
      with_gate("call(4100)\nimport time\ntime.sleep(600)",
                {Gate{.port = kPort, .take = [&](const UniqueFd&) { cancel->cancel(); }}});
  EXPECT_EQ(run(request, cancel->token()).how, HowEnded::cancelled);
}

TEST_F(SandboxGates, AreRefusedIfTheyAreTooMany) {
  SandboxRequest request = request_for("echo started");
  for (std::uint16_t i = 0; i <= kMostGates; ++i) request.gates.push_back(greeter(kPort + i, ""));
  const auto result = shared()->run(request, {});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::invalid_input);
}

TEST_F(SandboxGates, ThatCannotBeOpenedStartNoCommand) {
  const Folder folder;
  SandboxRequest request = request_for("touch /seen/started");
  request.mounts = {folder.at("/seen")};
  request.gates = {greeter(kPort, ""), greeter(kPort, "")};  // the same twice
  const auto result = shared()->run(request, {});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::unavailable);
  EXPECT_FALSE(folder.has("started"));
}

TEST(NoSandboxGates, ListenAtTheLoopbackOfTheHost) {
  auto none = make_none({});
  ASSERT_TRUE(none.has_value());
  std::uint16_t port = 0;
  {
    const UniqueFd any(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(any.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(::getsockname(any.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port = ntohs(address.sin_port);
  }
  SandboxRequest request;
  request.command = "exec python3 -c";
  request.args = {fmt::format("{}\nprint(call({}))", kCall, port)};
  request.gates = {greeter(port, "hello")};
  const auto result = (*none)->run(request, {});
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(result->out, "hello\n") << result->err;
}

}  // namespace
}  // namespace swarmlab::sandbox
