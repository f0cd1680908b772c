#include "worker/bridge/http.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "worker/bridge/lower.h"

namespace swarmlab::worker {
namespace {

constexpr std::size_t kMostHeaders = 200;
constexpr std::size_t kMostChunkLine = 256;

bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) != 0x7F;
  });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find("\r\n");
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
  return line;
}

Result<std::pair<std::string, std::string>> parse_header(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return fail(ErrorCode::invalid_input, "a header without a name");
  }
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (!is_visible(value)) {
    return fail(ErrorCode::invalid_input, "a header with control characters");
  }
  return std::pair{lower(line.substr(0, colon)), std::string(value)};
}

// Two that differ in how they are read are how requests are smuggled.
Result<void> check_unambiguous(const HttpRequest& request) {
  for (const std::string_view name : {"content-length", "transfer-encoding", "host"}) {
    const auto count = std::count_if(request.headers.begin(), request.headers.end(),
                                     [&](const auto& header) { return header.first == name; });
    if (count > 1) return fail(ErrorCode::invalid_input, "{} comes twice", name);
  }
  if (!request.header("transfer-encoding").empty() && !request.header("content-length").empty()) {
    return fail(ErrorCode::invalid_input, "two lengths");
  }
  return {};
}

Result<std::size_t> number(std::string_view text, int base) {
  std::size_t value = 0;
  const auto end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc() || at != end || text.empty()) {
    return fail(ErrorCode::invalid_input, "a length that is no number");
  }
  return value;
}

Result<void> too_large(std::size_t most) {
  return fail(ErrorCode::conflict, "larger than {} bytes", most);
}

Result<void> read_chunks(Peer& peer, HttpRequest& request, std::size_t most, Deadline deadline) {
  for (;;) {
    SWARMLAB_TRY(line, peer.read_until("\r\n", kMostChunkLine, deadline));
    const std::string_view digits = std::string_view(line).substr(0, line.find_first_of(";\r"));
    SWARMLAB_TRY(size, number(trimmed(digits), 16));
    if (size > most - request.body.size()) return too_large(most);
    if (size == 0) break;
    SWARMLAB_TRY(bytes, peer.read_exactly(size + 2, deadline));
    request.body.append(bytes, 0, size);
  }
  for (std::size_t i = 0; i < kMostHeaders; ++i) {  // trailers, which nobody needs
    SWARMLAB_TRY(line, peer.read_until("\r\n", kMostHeadBytes, deadline));
    if (line.size() <= 2) return {};
  }
  return fail(ErrorCode::invalid_input, "too many trailers");
}

}  // namespace

std::string_view HttpRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

std::string_view HttpRequest::path() const {
  return std::string_view(target).substr(0, target.find('?'));
}

Result<HttpRequest> parse_head(std::string_view text) {
  HttpRequest request;
  const std::string_view first = take_line(text);
  const std::size_t after_method = first.find(' ');
  const std::size_t after_target = first.rfind(' ');
  if (after_method == std::string_view::npos || after_target <= after_method) {
    return fail(ErrorCode::invalid_input, "no request");
  }
  request.method = first.substr(0, after_method);
  request.target = first.substr(after_method + 1, after_target - after_method - 1);
  const std::string_view version = first.substr(after_target + 1);
  const bool known = version == "HTTP/1.1" || version == "HTTP/1.0";
  if (!known || !is_token(request.method) || request.target.empty() ||
      !is_visible(request.target) || request.target.find(' ') != std::string::npos) {
    return fail(ErrorCode::invalid_input, "no request");
  }
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.empty()) break;
    if (request.headers.size() == kMostHeaders) {
      return fail(ErrorCode::invalid_input, "more than {} headers", kMostHeaders);
    }
    SWARMLAB_TRY(header, parse_header(line));
    request.headers.push_back(std::move(header));
  }
  SWARMLAB_CHECK(check_unambiguous(request));
  return request;
}

Result<std::optional<HttpRequest>> read_head(Peer& peer, Deadline deadline) {
  SWARMLAB_TRY(text, peer.read_until("\r\n\r\n", kMostHeadBytes, deadline));
  if (text.empty()) return std::optional<HttpRequest>();
  SWARMLAB_TRY(request, parse_head(text));
  return std::optional<HttpRequest>(std::move(request));
}

Result<void> read_body(Peer& peer, HttpRequest& request, std::size_t most, Deadline deadline) {
  const std::string_view encoding = request.header("transfer-encoding");
  const std::string_view length = request.header("content-length");
  if (encoding.empty() && length.empty()) return {};
  if (!encoding.empty() && lower(encoding) != "chunked") {
    return fail(ErrorCode::invalid_input, "a transfer encoding that is not chunked");
  }
  std::size_t size = 0;
  if (encoding.empty()) {
    SWARMLAB_TRY(said, number(length, 10));
    if (said > most) return too_large(most);
    size = said;
  }
  if (lower(request.header("expect")) == "100-continue") {
    SWARMLAB_CHECK(peer.send("HTTP/1.1 100 Continue\r\n\r\n", deadline));
  }
  if (!encoding.empty()) return read_chunks(peer, request, most, deadline);
  SWARMLAB_TRY(body, peer.read_exactly(size, deadline));
  request.body = std::move(body);
  return {};
}

bool is_hop_by_hop(std::string_view name) {
  constexpr std::array<std::string_view, 9> kNames = {"connection",
                                                      "keep-alive",
                                                      "proxy-authenticate",
                                                      "proxy-authorization",
                                                      "proxy-connection",
                                                      "te",
                                                      "trailer",
                                                      "transfer-encoding",
                                                      "upgrade"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 413:
      return "Payload Too Large";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 502:
      return "Bad Gateway";
    default:
      return "Answer";
  }
}

std::string answer(int status, std::string_view content_type, std::string_view body,
                   const HttpHeaders& more) {
  std::string text = fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n", status,
      reason_of(status), content_type, body.size());
  for (const auto& [name, value] : more) text += fmt::format("{}: {}\r\n", name, value);
  return text.append("\r\n").append(body);
}

}  // namespace swarmlab::worker
