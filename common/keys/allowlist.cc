#include "common/keys/allowlist.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <utility>

namespace swarmlab::keys {
namespace {

constexpr std::size_t kLongestName = 64;
constexpr std::string_view kRevoked = "revoked=";
constexpr std::array<std::pair<Role, std::string_view>, 3> kRoles{
    {{Role::worker, "worker"}, {Role::viewer, "viewer"}, {Role::steerer, "operator"}}};

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::vector<std::string_view> words_of(std::string_view line) {
  constexpr std::string_view kBlanks = " \t\r";
  std::vector<std::string_view> words;
  for (;;) {
    const std::size_t start = line.find_first_not_of(kBlanks);
    if (start == std::string_view::npos) return words;
    line.remove_prefix(start);
    const std::size_t length = std::min(line.find_first_of(kBlanks), line.size());
    words.push_back(line.substr(0, length));
    line.remove_prefix(length);
  }
}

// The reverse of time_text(): what it would write otherwise is no time.
std::optional<Timestamp> time_from(std::string_view text) {
  constexpr std::array<std::pair<std::size_t, std::size_t>, 6> kFields{
      {{0, 4}, {5, 2}, {8, 2}, {11, 2}, {14, 2}, {17, 2}}};
  std::array<unsigned, 6> value{};
  if (text.size() != std::string_view("0000-00-00T00:00:00Z").size()) return std::nullopt;
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    const std::string_view digits = text.substr(kFields.at(i).first, kFields.at(i).second);
    std::from_chars(digits.data(), digits.data() + digits.size(), value.at(i));
  }
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(value[0])),
                                         std::chrono::month(value[1]), std::chrono::day(value[2])};
  if (!date.ok()) return std::nullopt;
  const Timestamp at = std::chrono::sys_days(date) + std::chrono::hours(value[3]) +
                       std::chrono::minutes(value[4]) + std::chrono::seconds(value[5]);
  return time_text(at) == text ? std::optional(at) : std::nullopt;
}

Result<Entry> entry_from(const std::vector<std::string_view>& words) {
  if (words.size() != 3 && words.size() != 4) {
    return fail(ErrorCode::invalid_input, "{} words, expected: ROLE NAME PUBLIC-KEY", words.size());
  }
  const auto role = role_from(words[0]);
  if (!role) {
    return fail(ErrorCode::invalid_input,
                "role is \"{}\", expected \"worker\", \"viewer\" or \"operator\"", words[0]);
  }
  SWARMLAB_TRY(key, PublicKey::parse(words[2]));
  Entry entry{.holder = {.key = key, .name = std::string(words[1]), .role = *role},
              .revoked_at = std::nullopt};
  if (words.size() == 3) return entry;
  if (words[3].starts_with(kRevoked)) {
    entry.revoked_at = time_from(words[3].substr(kRevoked.size()));
  }
  if (!entry.revoked_at) {
    return fail(ErrorCode::invalid_input, "\"{}\", expected {}YYYY-MM-DDTHH:MM:SSZ", words[3],
                kRevoked);
  }
  return entry;
}

}  // namespace

std::string_view name_of(Role role) {
  for (const auto& [value, name] : kRoles) {
    if (value == role) return name;
  }
  return "";
}

std::optional<Role> role_from(std::string_view text) {
  for (const auto& [value, name] : kRoles) {
    if (name == text) return value;
  }
  return std::nullopt;
}

bool is_key_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && is_letter_or_digit(name.front()) &&
         std::ranges::all_of(name, [](char c) {
           return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
         });
}

std::string time_text(Timestamp at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(at - day));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

Result<Allowlist> Allowlist::parse(std::string_view text, std::string_view where) {
  Allowlist list;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t length = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, length);
    text.remove_prefix(std::min(length + 1, text.size()));
    const auto words = words_of(line);
    if (words.empty() || words.front().starts_with('#')) continue;
    const auto added = entry_from(words).and_then(
        [&](Entry entry) -> tl::expected<void, Error> { return list.add_entry(std::move(entry)); });
    if (!added) return within(fmt::format("{}:{}", where, number), added.error());
  }
  return list;
}

std::string Allowlist::text() const {
  std::string text = "# ROLE NAME PUBLIC-KEY: who may speak to the coordinator\n";
  for (const auto& [holder, revoked_at] : entries_) {
    text += fmt::format("{} {} {}", name_of(holder.role), holder.name, holder.key.text());
    if (revoked_at) text += fmt::format(" {}{}", kRevoked, time_text(*revoked_at));
    text += '\n';
  }
  return text;
}

Result<void> Allowlist::add(Holder holder) {
  return add_entry({.holder = std::move(holder), .revoked_at = std::nullopt});
}

Result<void> Allowlist::add_entry(Entry entry) {
  const auto& [key, name, role] = entry.holder;
  if (!is_key_name(name)) {
    return fail(
        ErrorCode::invalid_input,
        "\"{}\" is no name: expected at most {} letters, digits, '.', '_' and '-', a letter "
        "or digit first",
        name, kLongestName);
  }
  if (const auto known = by_key_.find(key.text()); known != by_key_.end()) {
    const Entry& old = entries_.at(known->second);
    return fail(ErrorCode::conflict, "the key of {} is {}'s{}", name, old.holder.name,
                old.revoked_at ? ", and revoked" : "");
  }
  if (!entry.revoked_at && !by_name_.try_emplace(name, entries_.size()).second) {
    return fail(ErrorCode::conflict, "{} has a key already; revoke it first", name);
  }
  by_key_.emplace(key.text(), entries_.size());
  entries_.push_back(std::move(entry));
  return {};
}

Result<void> Allowlist::revoke(std::string_view name, Timestamp at) {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) {
    return fail(ErrorCode::not_found, "no allowed key is named {}; swarmlab keys list shows all",
                name);
  }
  entries_.at(found->second).revoked_at = std::chrono::floor<std::chrono::seconds>(at);
  by_name_.erase(found);
  return {};
}

const Holder* Allowlist::find(std::string_view public_key) const {
  const auto found = by_key_.find(public_key);
  if (found == by_key_.end()) return nullptr;
  const Entry& entry = entries_.at(found->second);
  return entry.revoked_at ? nullptr : &entry.holder;
}

const Holder* Allowlist::find_name(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &entries_.at(found->second).holder;
}

}  // namespace swarmlab::keys
