#include "common/http/get.h"

#include <httplib.h>

#include <algorithm>

namespace swarmlab::http {

namespace {

constexpr std::size_t kMostBytes = 1U << 20U;
constexpr std::string_view kScheme = "http://";

std::string why(httplib::Error error) {
  if (error == httplib::Error::Connection || error == httplib::Error::ConnectionTimeout) {
    return "nobody answers there";
  }
  if (error == httplib::Error::Read) return "it does not answer, or breaks off";
  return httplib::to_string(error);
}

}  // namespace

Result<Url> url_from(const std::string& text) {
  const bool is_port =
      !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  std::string rest = is_port ? "127.0.0.1:" + text : text;
  if (rest.starts_with(kScheme)) rest.erase(0, kScheme.size());
  const std::size_t slash = rest.find('/');
  Url url{.origin = rest.substr(0, slash),
          .path = slash == std::string::npos ? "" : rest.substr(slash)};
  if (url.path == "/") url.path.clear();
  const std::size_t colon = url.origin.rfind(':');
  const std::string port = colon == std::string::npos ? "" : url.origin.substr(colon + 1);
  const bool is_number = !port.empty() && port.size() <= 5 &&
                         std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; }) &&
                         std::stoul(port) >= 1 && std::stoul(port) <= 65535;
  const bool is_plain =
      std::ranges::all_of(rest, [](char c) { return c > ' ' && c < 127 && c != '@'; });
  if (colon == 0 || !is_number || !is_plain) {
    return fail(ErrorCode::invalid_input,
                "{} is no address to ask, expected such as http://127.0.0.1:9464, or a port", text);
  }
  url.origin.insert(0, kScheme);
  return url;
}

Result<Response> get(const std::string& origin, const std::string& path, Milliseconds most) {
  httplib::Client client(origin);
  client.set_connection_timeout(most);
  client.set_read_timeout(most);
  client.set_write_timeout(most);
  client.set_keep_alive(false);
  const Deadline end = Deadline::after(most);
  Response response;
  const auto result = client.Get(path, [&](const char* data, std::size_t size) {
    response.body.append(data, size);
    return response.body.size() <= kMostBytes && !end.expired();
  });
  if (response.body.size() > kMostBytes) {
    return fail(ErrorCode::unavailable, "{}{}: the answer is too large for a probe", origin, path);
  }
  if (!result) {
    return fail(ErrorCode::unavailable, "{}{}: {}", origin, path,
                end.expired() ? fmt::format("no answer within {} s", most.count() / 1000)
                              : why(result.error()));
  }
  response.status = result->status;
  response.type = result->get_header_value("Content-Type");
  return response;
}

}  // namespace swarmlab::http
