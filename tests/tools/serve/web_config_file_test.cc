#include "tools/serve/web/web_config_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/certificates.h"
#include "tests/support/temporary_directory.h"
#include "tools/serve/log.h"

namespace promshm::tools {
namespace {

using ::promshm::testing::CertificateAuthority;
using ::promshm::testing::Identity;
using ::promshm::testing::TemporaryDirectory;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kHash[] =
    "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";
constexpr char kTls[] =
    "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n";

std::string Users(const std::string& name) {
  return "basic_auth_users: {" + name + ": " + kHash + "}\n";
}

// Long ago, so that another write looks different.
void Age(const std::string& path) {
  const timespec times[] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
}

class WebConfigFileTest : public ::testing::Test {
 protected:
  void Open(const std::string& text) {
    path_ = directory_.Write("web.yml", text);
    Result<std::unique_ptr<WebConfigFile>> file =
        WebConfigFile::Open(path_, log_);
    ASSERT_TRUE(file.ok()) << file.status().message();
    file_ = *std::move(file);
  }

  void WriteIdentity(const Identity& identity) {
    directory_.Write("server.crt", identity.certificate);
    directory_.Write("server.key", identity.key);
  }

  // As a program writes that leaves no half of a file for readers.
  void Replace(const std::string& name, const std::string& text) {
    const std::string path = directory_.Write("new", text);
    ASSERT_EQ(rename(path.c_str(), directory_.PathOf(name).c_str()), 0);
  }

  bool HasUser(const std::string& name) {
    return file_->Current()->config.users.count(name) != 0;
  }

  std::string OpenError(const std::string& path) {
    const Result<std::unique_ptr<WebConfigFile>> file =
        WebConfigFile::Open(path, log_);
    return file.ok() ? "" : file.status().message();
  }

  TemporaryDirectory directory_;
  std::vector<std::string> lines_;
  Log log_{LogLevel::kInfo, LogFormat::kLogfmt,
           [this](const std::string& line) { lines_.push_back(line); }};
  std::string path_;
  std::unique_ptr<WebConfigFile> file_;
  CertificateAuthority authority_{"authority"};
};

TEST_F(WebConfigFileTest, TellsWhyItCannotBeOpened) {
  const std::string missing = directory_.PathOf("missing");
  EXPECT_EQ(OpenError(missing),
            missing + ": cannot open: no such file or directory");
  EXPECT_EQ(OpenError(directory_.path()),
            directory_.path() + ": not a regular file");
  EXPECT_EQ(OpenError("/dev/null"), "/dev/null: not a regular file");
  const std::string pipe = directory_.PathOf("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(OpenError(pipe), pipe + ": not a regular file");
  const std::string large =
      directory_.Write("large", std::string(1'048'577, '#'));
  EXPECT_EQ(OpenError(large), large + ": larger than 1 MiB");
  const std::string bad = directory_.Write("bad", "a: 1\n");
  EXPECT_EQ(OpenError(bad), bad + ": line 1: unknown key: a");
}

TEST_F(WebConfigFileTest, TellsWhatIsWrongWithTheFilesItNames) {
  const std::string path = directory_.Write("web.yml", kTls);
  const std::string certificate = directory_.PathOf("server.crt");
  const std::string key = directory_.PathOf("server.key");
  EXPECT_EQ(OpenError(path),
            path + ": tls_server_config.cert_file: " + certificate +
                ": cannot open: no such file or directory");
  const Identity identity = authority_.Issue({});
  directory_.Write("server.crt", identity.certificate);
  EXPECT_EQ(OpenError(path), path + ": tls_server_config.key_file: " + key +
                                 ": cannot open: no such file or directory");
  directory_.Write("server.key", authority_.Issue({}).key);
  EXPECT_EQ(OpenError(path),
            path + ": tls_server_config.key_file: " + key +
                ": the certificate and the given key do not match");
  directory_.Write("server.key", identity.key);
  EXPECT_EQ(OpenError(path), "");
}

TEST_F(WebConfigFileTest, AsLongAsNothingChangesItIsTheSame) {
  Open(Users("alice"));
  const auto first = file_->Current();
  EXPECT_EQ(first->tls, nullptr);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(file_->Current(), first);
  file_->Reload();
  EXPECT_TRUE(HasUser("alice"));
  Open(Users("alice"));
  Age(path_);
  const auto aged = file_->Current();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(file_->Current(), aged);
}

TEST_F(WebConfigFileTest, AChangeCountsAtOnce) {
  Open(Users("alice"));
  for (const char* name : {"bobby", "carol", "david"}) {
    directory_.Write("web.yml", Users(name));
    EXPECT_TRUE(HasUser(name));
    Replace("web.yml", Users("alice"));
    EXPECT_TRUE(HasUser("alice"));
  }
  EXPECT_EQ(lines_.size(), 6U);
  EXPECT_THAT(lines_[0], HasSubstr("web configuration read again"));
}

// Written long after it was read.
TEST_F(WebConfigFileTest, AChangeOfAnOldFileCounts) {
  Open(Users("alice"));
  Age(path_);
  EXPECT_TRUE(HasUser("alice"));
  directory_.Write("web.yml", Users("bobby"));
  Age(path_);
  EXPECT_TRUE(HasUser("bobby"));
}

TEST_F(WebConfigFileTest, WhatIsWrongIsToldOnceAndNotTaken) {
  Open(Users("alice"));
  directory_.Write("web.yml", "basic_auth_users: {bob: x}\n");
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(HasUser("alice"));
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_THAT(lines_[0], HasSubstr("level=ERROR"));
  EXPECT_THAT(lines_[0],
              HasSubstr("line 1: basic_auth_users.bob: not a bcrypt hash"));

  unlink(path_.c_str());
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(HasUser("alice"));
  ASSERT_EQ(lines_.size(), 2U);
  EXPECT_THAT(lines_[1], HasSubstr("cannot open: no such file or directory"));

  file_->Reload();
  ASSERT_EQ(lines_.size(), 3U);
  EXPECT_EQ(lines_[2].substr(lines_[2].find("level=")),
            lines_[1].substr(lines_[1].find("level=")));

  directory_.Write("web.yml", Users("bobby"));
  EXPECT_TRUE(HasUser("bobby"));
  EXPECT_FALSE(HasUser("alice"));
  ASSERT_EQ(lines_.size(), 4U);
  EXPECT_THAT(lines_[3], HasSubstr("level=INFO"));

  directory_.Write("web.yml", "basic_auth_users: {bob: x}\n");
  EXPECT_TRUE(HasUser("bobby"));
  EXPECT_EQ(lines_.size(), 5U);
}

TEST_F(WebConfigFileTest, ARotatedCertificateIsTaken) {
  WriteIdentity(authority_.Issue({}));
  Open(kTls);
  const auto first = file_->Current();
  ASSERT_NE(first->tls, nullptr);
  EXPECT_EQ(file_->Current()->tls, first->tls);
  WriteIdentity(authority_.Issue({}));
  const auto second = file_->Current();
  EXPECT_NE(second->tls, first->tls);
  EXPECT_EQ(file_->Current()->tls, second->tls);
  EXPECT_EQ(lines_.size(), 1U);
}

// The key comes after the certificate: in between they do not match.
TEST_F(WebConfigFileTest, HalfARotationIsNotTaken) {
  WriteIdentity(authority_.Issue({}));
  Open(kTls);
  const auto first = file_->Current();
  const Identity next = authority_.Issue({});
  Replace("server.crt", next.certificate);
  EXPECT_EQ(file_->Current(), first);
  EXPECT_EQ(file_->Current(), first);
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_THAT(lines_[0], HasSubstr("do not match"));
  Replace("server.key", next.key);
  EXPECT_NE(file_->Current()->tls, first->tls);
  EXPECT_EQ(lines_.size(), 2U);
}

TEST_F(WebConfigFileTest, AKeyThatIsMissingIsLookedForAgain) {
  const Identity identity = authority_.Issue({});
  WriteIdentity(identity);
  Open(kTls);
  const auto first = file_->Current();
  unlink(directory_.PathOf("server.key").c_str());
  EXPECT_EQ(file_->Current(), first);
  ASSERT_EQ(lines_.size(), 1U);
  WriteIdentity(authority_.Issue({}));
  EXPECT_NE(file_->Current()->tls, first->tls);
}

TEST_F(WebConfigFileTest, TheClientAuthoritiesAreWatched) {
  WriteIdentity(authority_.Issue({}));
  directory_.Write("ca.crt", authority_.certificate());
  Open(kTls + std::string("  client_auth_type: RequireAndVerifyClientCert\n"
                          "  client_ca_file: ca.crt\n"));
  const auto first = file_->Current();
  directory_.Write("ca.crt", "broken");
  EXPECT_EQ(file_->Current(), first);
  directory_.Write("ca.crt", CertificateAuthority("another").certificate());
  EXPECT_NE(file_->Current()->tls, first->tls);
}

TEST_F(WebConfigFileTest, TurningTlsOnOrOffNeedsARestart) {
  WriteIdentity(authority_.Issue({}));
  Open(Users("alice"));
  directory_.Write("web.yml", kTls + Users("bobby"));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(HasUser("alice"));
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_THAT(lines_[0], HasSubstr("turning TLS on or off needs a restart"));

  Open(kTls + Users("alice"));
  directory_.Write("web.yml", Users("bobby"));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(HasUser("alice"));
  EXPECT_NE(file_->Current()->tls, nullptr);
  EXPECT_EQ(lines_.size(), 2U);
}

TEST_F(WebConfigFileTest, ManyMayAskWhileItChanges) {
  Open(Users("alice"));
  std::atomic<bool> done = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([this, &done, &wrong] {
      while (!done) {
        if (file_->Current()->config.users.size() != 1) ++wrong;
      }
    });
  }
  for (int i = 0; i < 50; ++i) {
    Replace("web.yml", Users("user" + std::to_string(i)));
  }
  EXPECT_TRUE(HasUser("user49"));
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace promshm::tools
