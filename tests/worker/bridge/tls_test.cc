// The real key goes to whoever proves to be the provider, and to nobody else.
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <filesystem>

#include "tests/worker/bridge/fixture.h"

namespace swarmlab::worker {
namespace {

template <class T, void (*Free)(T*)>
struct Release {
  void operator()(T* object) const { Free(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY, EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Release<X509, X509_free>>;

// Signed by itself, for one name.
Certificate certificate_for(const Key& key, const std::string& name) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* const subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  X509_EXTENSION* const names =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, ("DNS:" + name).c_str());
  X509_add_ext(certificate.get(), names, -1);
  X509_EXTENSION_free(names);
  EXPECT_GT(X509_sign(certificate.get(), key.get(), EVP_sha256()), 0);
  return certificate;
}

class BridgeWithTls : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/bridge-test-XXXXXX";
    ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void start(const std::string& name) {
    key_.reset(EVP_EC_gen("P-256"));
    certificate_ = certificate_for(key_, name);
    std::FILE* const file = std::fopen(ca_file().c_str(), "w");
    ASSERT_NE(file, nullptr);
    PEM_write_X509(file, certificate_.get());
    std::fclose(file);
    provider_ = std::make_unique<ScriptedProvider>(
        says(kAnswer), std::make_unique<httplib::SSLServer>(certificate_.get(), key_.get()));
  }

  [[nodiscard]] std::string ca_file() const { return folder_ + "/ca.pem"; }
  std::string ask_with(const std::string& ca) {
    BridgeOptions options = options_for(fmt::format("https://localhost:{}", provider_->port()));
    options.ca_file = ca;
    const auto bridge = bridge_to(std::move(options));
    return ask(*bridge, post(kMessages, "{}"));
  }

  std::string folder_;
  Key key_;
  Certificate certificate_;
  std::unique_ptr<ScriptedProvider> provider_;
};

TEST_F(BridgeWithTls, SpeaksToTheProvider) {
  start("localhost");
  EXPECT_EQ(body_of(ask_with(ca_file())), kAnswer);
  EXPECT_EQ(provider_->requests().at(0).get_header_value("x-api-key"), kKey);
}

TEST_F(BridgeWithTls, DoesNotSpeakToWhoeverNobodyVouchesFor) {
  start("localhost");
  EXPECT_TRUE(ask_with("").starts_with("HTTP/1.1 502 "));
  EXPECT_TRUE(provider_->requests().empty());
}

TEST_F(BridgeWithTls, DoesNotSpeakToWhoeverHasAnotherName) {
  start("other.example");
  EXPECT_TRUE(ask_with(ca_file()).starts_with("HTTP/1.1 502 "));
  EXPECT_TRUE(provider_->requests().empty());
}

}  // namespace
}  // namespace swarmlab::worker
