#include "common/keys/allowlist.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace swarmlab::keys {
namespace {

using std::chrono::milliseconds;

constexpr Timestamp kNow{milliseconds(1'795'254'756'123)};
// Of RFC 26's test vectors and of zmq_curve(7): any fixed keys.
constexpr const char* kAnna = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID";
constexpr const char* kBert = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";

PublicKey key(const char* text) {
  return *PublicKey::parse(text);
}

Holder anna(Role role = Role::worker) {
  return {.key = key(kAnna), .name = "anna", .role = role};
}

TEST(Key, IsReadFromItsTextAndNothingElse) {
  EXPECT_EQ(key(kAnna).text(), kAnna);
  for (const std::string& text :
       {std::string(), std::string(kAnna).substr(1), std::string(kAnna) + "0",
        "~" + std::string(kAnna).substr(1), " " + std::string(kAnna).substr(1),
        std::string(40, '#'), std::string(40, '\0'), std::string(40, '\xff')}) {
    const auto parsed = PublicKey::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid_input);
  }
}

TEST(Key, OfItsBytesIsTheSame) {
  // zmq_curve(7): the client's public key.
  const std::array<std::uint8_t, kKeyBytes> bytes{0xBB, 0x88, 0x47, 0x1D, 0x65, 0xE2, 0x65, 0x9B,
                                                  0x30, 0xC5, 0x5A, 0x53, 0x21, 0xCE, 0xBB, 0x5A,
                                                  0xAB, 0x2B, 0x70, 0xA3, 0x98, 0x64, 0x5C, 0x26,
                                                  0xDC, 0xA2, 0xB2, 0xFC, 0xB4, 0x3F, 0xC5, 0x18};
  EXPECT_EQ(PublicKey::of(bytes).text(), kAnna);
}

TEST(Key, PublicHalfFollowsFromTheSecretOne) {
  // zmq_curve(7): the client's secret key.
  const auto secret = SecretKey::parse("D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs");
  ASSERT_TRUE(secret);
  EXPECT_EQ(secret->public_key(), key(kAnna));
}

TEST(Key, IsAnotherEachTimeOneIsMade) {
  const auto one = make_secret_key();
  const auto other = make_secret_key();
  ASSERT_TRUE(one && other);
  EXPECT_NE(one->public_key(), other->public_key());
  EXPECT_TRUE(SecretKey::parse(one->reveal()));
}

TEST(Key, ErrorDoesNotRepeatASecret) {
  const auto parsed = SecretKey::parse("D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%c");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().message.find("IlAW"), std::string::npos);
}

TEST(AllowlistOf, ItsOwnTextIsTheSame) {
  Allowlist list;
  ASSERT_TRUE(list.add(anna()));
  ASSERT_TRUE(list.add({.key = key(kBert), .name = "bert", .role = Role::steerer}));
  ASSERT_TRUE(list.revoke("anna", kNow));
  EXPECT_EQ(list.text(),
            "# ROLE NAME PUBLIC-KEY: who may speak to the coordinator\n"
            "worker anna " +
                std::string(kAnna) +
                " revoked=2026-11-21T09:52:36Z\n"
                "operator bert " +
                std::string(kBert) + "\n");
  const auto again = Allowlist::parse(list.text(), "allowed");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->entries(), list.entries());
}

TEST(AllowlistOf, TextMayHaveCommentsBlanksAndNoLastLineEnd) {
  const auto list =
      Allowlist::parse("\n# comment\r\n  # another\n\t worker  anna\t" + std::string(kAnna) +
                           " \r\n\nviewer bert " + std::string(kBert),
                       "allowed");
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_EQ(list->entries().size(), 2U);
  EXPECT_EQ(list->find(kAnna)->name, "anna");
  EXPECT_EQ(list->find(kBert)->role, Role::viewer);
}

TEST(AllowlistOf, WrongTextIsRefusedWithFileAndLine) {
  const std::string line = "worker anna " + std::string(kAnna);
  const auto message = [](const std::string& text) {
    const auto list = Allowlist::parse(text, "allowed");
    return list ? "accepted" : list.error().message;
  };
  const auto has = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  };
  EXPECT_TRUE(has(message("\nworker anna"), "allowed:2: 2 words"));
  EXPECT_TRUE(has(message("root anna " + std::string(kAnna)), "allowed:1: role is \"root\""));
  EXPECT_TRUE(has(message("worker anna key"), "allowed:1: no key"));
  EXPECT_TRUE(has(message("worker ../x " + std::string(kAnna)), "is no name"));
  EXPECT_TRUE(
      has(message(line + "\nviewer bert " + kAnna), "allowed:2: the key of bert is anna's"));
  EXPECT_TRUE(has(message(line + "\nviewer anna " + kBert), "allowed:2: anna has a key already"));
  for (const char* end : {" revoked", " revoked=", " revoked=today", " revoked=2026-11-21",
                          " revoked=2026-02-30T00:00:00Z", " revoked=2026-11-21T25:00:00Z",
                          " revoked=2026-11-21T09:52:36+", " expires=2026-11-21T09:52:36Z"}) {
    EXPECT_TRUE(has(message(line + end), "allowed:1: ")) << end;
  }
  EXPECT_TRUE(has(message(line + " revoked=2026-11-21T09:52:36Z more"), "5 words"));
}

RC_GTEST_PROP(AllowlistOf, AnyTextIsAListThatReadsBackOrAnError, (const std::string& text)) {
  const auto list = Allowlist::parse(text, "allowed");
  if (list) RC_ASSERT(Allowlist::parse(list->text(), "allowed")->entries() == list->entries());
}

TEST(AllowlistOf, FindsWhoIsAllowedOnly) {
  Allowlist list;
  EXPECT_EQ(list.find(kAnna), nullptr);
  ASSERT_TRUE(list.add(anna()));
  ASSERT_NE(list.find(kAnna), nullptr);
  EXPECT_EQ(*list.find(kAnna), anna());
  EXPECT_EQ(list.find(""), nullptr);
  EXPECT_EQ(list.find(kBert), nullptr);
}

TEST(AllowlistOf, ARevokedKeyIsNeverAllowedAgainItsNameIs) {
  Allowlist list;
  ASSERT_TRUE(list.add(anna()));
  ASSERT_TRUE(list.revoke("anna", kNow));
  EXPECT_EQ(list.find(kAnna), nullptr);
  EXPECT_EQ(list.find_name("anna"), nullptr);
  EXPECT_EQ(list.revoke("anna", kNow).error().code, ErrorCode::not_found);
  const auto again = list.add(anna());
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::conflict);
  ASSERT_TRUE(list.add({.key = key(kBert), .name = "anna", .role = Role::worker}));
  EXPECT_EQ(list.find(kBert)->name, "anna");
  EXPECT_EQ(list.entries().size(), 2U);
  EXPECT_EQ(list.find(kAnna), nullptr);
}

TEST(AllowlistOf, TakesNamesThatAreFileNamesToo) {
  for (const char* name : {"a", "w-1", "GPU_box.3", "0"}) EXPECT_TRUE(is_key_name(name)) << name;
  for (const std::string& name :
       {std::string(), std::string("."), std::string("-x"), std::string("a/b"), std::string("a b"),
        std::string("\xc3\xa4"), std::string("a\n"), std::string(65, 'a')}) {
    EXPECT_FALSE(is_key_name(name)) << name;
  }
}

TEST(RoleOf, TextIsItsName) {
  for (const Role role : {Role::worker, Role::viewer, Role::steerer}) {
    EXPECT_EQ(role_from(name_of(role)), role);
  }
  EXPECT_EQ(role_from("Worker"), std::nullopt);
  EXPECT_EQ(role_from(""), std::nullopt);
}

}  // namespace
}  // namespace swarmlab::keys
