#include "promshm/prometheus_cpp.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <prometheus/exposer.h>
#include <prometheus/gateway.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cfloat>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "promshm/exposition.h"
#include "tests/support/exposition_meaning.h"
#include "tests/support/golden.h"
#include "tests/support/metric_directory_writer.h"

namespace promshm {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricType;
using testing::Digits;
using testing::MetricDirectoryWriter;
using testing::ReadExposition;

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

using Meaning = testing::ExpositionMeaning;
using Labels = Meaning::Labels;

// Takes away what is not the directory's.
void RemoveFamilies(std::string_view prefix, Meaning* meaning) {
  std::erase_if(meaning->samples, [&](const auto& sample) {
    return sample.first.first.starts_with(prefix);
  });
  std::erase_if(meaning->families, [&](const auto& family) {
    return family.first.starts_with(prefix);
  });
}

void ExpectSame(const Meaning& actual, const Meaning& expected) {
  EXPECT_EQ(actual.samples, expected.samples);
  EXPECT_EQ(actual.families, expected.families);
}

const char* TypeName(MetricType type) {
  switch (type) {
    case MetricType::Counter:
      return "counter";
    case MetricType::Gauge:
      return "gauge";
    case MetricType::Histogram:
      return "histogram";
    case MetricType::Summary:
      return "summary";
    default:
      return "untyped";
  }
}

void AddMetric(const prometheus::MetricFamily& family,
               const ClientMetric& metric, Meaning* meaning) {
  Labels labels;
  for (const auto& label : metric.label) labels[label.name] = label.value;
  const auto add = [&](const std::string& suffix, double value) {
    meaning->AddSample(family.name + suffix, labels, value, Digits::kAll);
  };
  switch (family.type) {
    case MetricType::Counter:
      return add("", metric.counter.value);
    case MetricType::Gauge:
      return add("", metric.gauge.value);
    case MetricType::Summary:
      add("_sum", metric.summary.sample_sum);
      return add("_count", static_cast<double>(metric.summary.sample_count));
    case MetricType::Histogram:
      add("_sum", metric.histogram.sample_sum);
      add("_count", static_cast<double>(metric.histogram.sample_count));
      for (const ClientMetric::Bucket& bucket : metric.histogram.bucket) {
        labels["le"] = NumberText(bucket.upper_bound);
        add("_bucket", static_cast<double>(bucket.cumulative_count));
      }
      return;
    default:
      return add("", metric.untyped.value);
  }
}

Meaning MeaningOf(const std::vector<prometheus::MetricFamily>& families) {
  Meaning meaning;
  for (const prometheus::MetricFamily& family : families) {
    EXPECT_TRUE(
        meaning.families
            .try_emplace(family.name, TypeName(family.type), family.help)
            .second)
        << family.name << " comes twice";
    for (const ClientMetric& metric : family.metric) {
      AddMetric(family, metric, &meaning);
    }
  }
  return meaning;
}

// What promshm's own exposition of a directory says.
Meaning OwnMeaning(const std::string& directory, Digits digits) {
  const Result<Snapshot> snapshot = Collector(directory).Collect();
  EXPECT_TRUE(snapshot.ok()) << snapshot.status().message();
  std::string text;
  if (snapshot.ok()) {
    EXPECT_THAT(WriteExposition(*snapshot, {}, &text), IsEmpty());
  }
  return ReadExposition(text, digits);
}

// The body that a GET request gets.
std::string Fetch(int port, const std::string& uri) {
  const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{20, 0};
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(connection, reinterpret_cast<const sockaddr*>(&address),
                    sizeof(address)),
            0);
  const std::string request = "GET " + uri + " HTTP/1.0\r\n\r\n";
  EXPECT_EQ(send(connection, request.data(), request.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(request.size()));
  std::string response;
  std::array<char, 4096> part;
  ssize_t received = 0;
  while ((received = recv(connection, part.data(), part.size(), 0)) > 0) {
    response.append(part.data(), static_cast<std::size_t>(received));
  }
  EXPECT_EQ(received, 0);
  close(connection);
  EXPECT_THAT(response, StartsWith("HTTP/1.1 200 "));
  const std::size_t head = response.find("\r\n\r\n");
  return head == std::string::npos ? "" : response.substr(head + 4);
}

constexpr std::string_view kGolden[] = {"gauges",    "idents",  "large",
                                        "legacy016", "numbers", "ruby",
                                        "text",      "utf8",    "web"};

std::string Directory(std::string_view golden) {
  return testing::GoldenPath(golden, "db");
}

std::shared_ptr<PrometheusCppCollectable> Collectable(std::string_view golden) {
  return std::make_shared<PrometheusCppCollectable>(
      Collector(Directory(golden)),
      [](const std::string& message) { ADD_FAILURE() << message; });
}

class GoldenDirectoryTest : public ::testing::TestWithParam<std::string_view> {
};

TEST_P(GoldenDirectoryTest, FamiliesSayWhatTheWritersOwnClientSays) {
  Meaning expected = ReadExposition(testing::ReadBytes(testing::GoldenPath(
                                        GetParam(), "expected.prometheus.txt")),
                                    Digits::kAll);
  ASSERT_THAT(expected.samples, Not(IsEmpty()));
  Meaning actual = MeaningOf(Collectable(GetParam())->Collect());
  // Ruby's client has a help text of its own for all.
  if (GetParam() == "ruby") {
    for (auto* meaning : {&expected, &actual}) {
      for (auto& [name, family] : meaning->families) family.second.clear();
    }
  }
  ExpectSame(actual, expected);
}

TEST_P(GoldenDirectoryTest, FamiliesSayWhatTheExpositionSays) {
  ExpectSame(MeaningOf(Collectable(GetParam())->Collect()),
             OwnMeaning(Directory(GetParam()), Digits::kAll));
}

INSTANTIATE_TEST_SUITE_P(Golden, GoldenDirectoryTest,
                         ::testing::ValuesIn(kGolden), [](const auto& info) {
                           return std::string(info.param);
                         });

// One Exposer for all directories, since it takes two seconds to stop.
TEST(ExposerTest, ServesWhatTheExpositionSays) {
  prometheus::Exposer exposer("127.0.0.1:0");
  const std::vector<int> ports = exposer.GetListeningPorts();
  ASSERT_THAT(ports, SizeIs(1));
  for (const std::string_view golden : kGolden) {
    SCOPED_TRACE(golden);
    const std::string uri = '/' + std::string(golden);
    const auto collectable = Collectable(golden);
    exposer.RegisterCollectable(collectable, uri);
    Meaning served =
        ReadExposition(Fetch(ports.front(), uri), Digits::kSixteen);
    EXPECT_EQ(served.families.count("exposer_scrapes_total"), 1u);
    RemoveFamilies("exposer_", &served);
    ExpectSame(served, OwnMeaning(Directory(golden), Digits::kSixteen));
  }
}

// Purpose: takes one push, as a Pushgateway would.
//
// Thread safety: needs external locking.
class PushReceiver {
 public:
  PushReceiver() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* any = reinterpret_cast<sockaddr*>(&address);
    LimitWait(listener_);
    EXPECT_EQ(bind(listener_, any, size), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    EXPECT_EQ(getsockname(listener_, any, &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Receive(); });
  }

  ~PushReceiver() {
    if (thread_.joinable()) thread_.join();
    close(listener_);
  }

  PushReceiver(const PushReceiver&) = delete;
  PushReceiver& operator=(const PushReceiver&) = delete;

  std::string port() const { return std::to_string(port_); }

  // The body, once it has come.
  std::string Body() {
    thread_.join();
    const std::size_t head = request_.find(kEndOfHead);
    return head == std::string::npos
               ? ""
               : request_.substr(head + kEndOfHead.size());
  }

 private:
  static constexpr std::string_view kEndOfHead = "\r\n\r\n";

  static void LimitWait(int fd) {
    const timeval patience{20, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  }

  static void Send(int connection, std::string_view text) {
    EXPECT_EQ(send(connection, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }

  void Receive() {
    const int connection = accept(listener_, nullptr, nullptr);
    LimitWait(connection);
    std::array<char, 4096> part;
    ssize_t received = 0;
    bool told = false;
    while (!IsComplete() &&
           (received = recv(connection, part.data(), part.size(), 0)) > 0) {
      request_.append(part.data(), static_cast<std::size_t>(received));
      if (!told && request_.find("100-continue") != std::string::npos &&
          request_.find(kEndOfHead) != std::string::npos) {
        Send(connection, "HTTP/1.1 100 Continue\r\n\r\n");
        told = true;
      }
    }
    Send(connection, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    close(connection);
  }

  bool IsComplete() const {
    constexpr std::string_view kLength = "Content-Length: ";
    const std::size_t head = request_.find(kEndOfHead);
    const std::size_t length = request_.find(kLength);
    if (head == std::string::npos || length > head) return false;
    return request_.size() - head - kEndOfHead.size() >=
           std::stoul(request_.substr(length + kLength.size()));
  }

  const int listener_;
  std::uint16_t port_ = 0;
  std::string request_;
  std::thread thread_;
};

TEST(GatewayTest, PushesWhatTheExpositionSays) {
  for (const std::string_view golden : {"web", "large"}) {
    SCOPED_TRACE(golden);
    PushReceiver receiver;
    prometheus::Gateway gateway("127.0.0.1", receiver.port(), "job");
    const auto collectable = Collectable(golden);
    gateway.RegisterCollectable(collectable);
    EXPECT_EQ(gateway.Push(), 200);
    ExpectSame(ReadExposition(receiver.Body(), Digits::kSixteen),
               OwnMeaning(Directory(golden), Digits::kSixteen));
  }
}

class PrometheusCppCollectableTest : public ::testing::Test {
 protected:
  void Write(const std::string& file,
             const MetricDirectoryWriter::Entries& entries) {
    directory_.Write(file, entries);
  }

  PrometheusCppCollectable Collectable() {
    return PrometheusCppCollectable(
        Collector(directory_.path()),
        [this](const std::string& message) { told_.push_back(message); });
  }

  std::vector<prometheus::MetricFamily> Collect() {
    return Collectable().Collect();
  }

  MetricDirectoryWriter directory_;
  std::vector<std::string> told_;
};

TEST_F(PrometheusCppCollectableTest, ValuesKeepAllTheirDigits) {
  Write("counter_1.db", {{R"(["c", "c_total", {}, "h"])", 0.1 + 0.2}});
  Write("gauge_sum_1.db", {{R"(["g", "g", {}, "h"])", DBL_MAX}});
  Write("summary_1.db", {{R"(["s", "s_count", {}, "h"])", 0x1p63},
                         {R"(["s", "s_sum", {}, "h"])", 1.0 / 3}});
  const std::vector<prometheus::MetricFamily> families = Collect();
  ASSERT_THAT(families, SizeIs(3));
  EXPECT_EQ(families[0].metric.at(0).counter.value, 0.1 + 0.2);
  EXPECT_EQ(families[1].metric.at(0).gauge.value, DBL_MAX);
  EXPECT_EQ(families[2].metric.at(0).summary.sample_count, 1ULL << 63);
  EXPECT_EQ(families[2].metric.at(0).summary.sample_sum, 1.0 / 3);
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(PrometheusCppCollectableTest, HistogramHasItsBucketsInOrder) {
  Write("histogram_1.db",
        {{R"(["h", "h_sum", {"k": "v"}, "h"])", 12.5},
         {R"(["h", "h_bucket", {"k": "v", "le": "2.5e+06"}, "h"])", 2},
         {R"(["h", "h_bucket", {"k": "v", "le": "-0.25"}, "h"])", 1},
         {R"(["h", "h_bucket", {"k": "v", "le": "+Inf"}, "h"])", 4}});
  const std::vector<prometheus::MetricFamily> families = Collect();
  ASSERT_THAT(families, SizeIs(1));
  EXPECT_EQ(families[0].name, "h");
  EXPECT_EQ(families[0].type, MetricType::Histogram);
  ASSERT_THAT(families[0].metric, SizeIs(1));
  const ClientMetric& metric = families[0].metric[0];
  EXPECT_THAT(metric.label, ElementsAre(ClientMetric::Label{"k", "v"}));
  EXPECT_EQ(metric.histogram.sample_count, 7u);
  EXPECT_EQ(metric.histogram.sample_sum, 12.5);
  std::vector<std::pair<double, std::uint64_t>> buckets;
  for (const ClientMetric::Bucket& bucket : metric.histogram.bucket) {
    buckets.emplace_back(bucket.upper_bound, bucket.cumulative_count);
  }
  EXPECT_THAT(buckets, ElementsAre(std::pair(-0.25, 1), std::pair(2.5e6, 3),
                                   std::pair(HUGE_VAL, 7)));
}

TEST_F(PrometheusCppCollectableTest, EverySampleNameOfACounterIsAFamily) {
  Write("counter_1.db", {{R"(["c", "c_total", {"k": "v"}, "a\\b\nc"])", 1},
                         {R"(["c", "c_created", {"k": "v"}, "a\\b\nc"])", 2},
                         {R"(["c", "c_total", {"k": "w"}, "a\\b\nc"])", 3}});
  const Meaning meaning = MeaningOf(Collect());
  const std::string help = R"(a\\b\nc)";
  EXPECT_THAT(meaning.families,
              ElementsAre(std::pair("c_created", std::pair("counter", help)),
                          std::pair("c_total", std::pair("counter", help))));
  EXPECT_EQ(meaning.samples,
            OwnMeaning(directory_.path(), Digits::kAll).samples);
  EXPECT_THAT(meaning.samples, SizeIs(3));
}

// A family `x` that is in order but for one thing.
struct OddEntries {
  std::string name;
  std::string file;
  MetricDirectoryWriter::Entries entries;
};

void PrintTo(const OddEntries& odd, std::ostream* out) { *out << odd.name; }

class OddFamilyTest : public PrometheusCppCollectableTest,
                      public ::testing::WithParamInterface<OddEntries> {};

TEST_P(OddFamilyTest, IsLeftUntypedWithAllItsSamples) {
  Write(GetParam().file, GetParam().entries);
  const Meaning meaning = MeaningOf(Collect());
  EXPECT_EQ(meaning.samples,
            OwnMeaning(directory_.path(), Digits::kAll).samples);
  for (const auto& [name, family] : meaning.families) {
    EXPECT_EQ(family, std::pair(std::string("untyped"), std::string("h")))
        << name;
  }
  EXPECT_THAT(told_, ElementsAre(StartsWith("type not kept: family x is no ")));
}

const std::string kBucket = R"(["x", "x_bucket", {"le": "0.5"}, "h"])";
const std::string kLastBucket = R"(["x", "x_bucket", {"le": "+Inf"}, "h"])";
const std::string kSum = R"(["x", "x_sum", {}, "h"])";
const std::string kCount = R"(["x", "x_count", {}, "h"])";

INSTANTIATE_TEST_SUITE_P(
    Odd, OddFamilyTest,
    ::testing::Values(
        OddEntries{"FractionalBucket",
                   "histogram_1.db",
                   {{kSum, 1}, {kBucket, 1.5}, {kLastBucket, 0.5}}},
        OddEntries{"NegativeBucket",
                   "histogram_1.db",
                   {{kSum, 1}, {kBucket, -1}, {kLastBucket, 3}}},
        OddEntries{"NanBucket",
                   "histogram_1.db",
                   {{kSum, 1}, {kBucket, 1}, {kLastBucket, std::nan("")}}},
        OddEntries{"InfiniteBucket",
                   "histogram_1.db",
                   {{kSum, 1}, {kBucket, 1}, {kLastBucket, HUGE_VAL}}},
        OddEntries{"MoreThanAnIntegerHolds",
                   "histogram_1.db",
                   {{kSum, 1}, {kBucket, 1}, {kLastBucket, 0x1p64}}},
        OddEntries{"HistogramWithoutSum",
                   "histogram_1.db",
                   {{kBucket, 1}, {kLastBucket, 2}}},
        OddEntries{"SampleOfAnotherName",
                   "histogram_1.db",
                   {{kSum, 1},
                    {kLastBucket, 2},
                    {R"(["x", "x_created", {}, "h"])", 3}}},
        OddEntries{
            "FractionalCount", "summary_1.db", {{kCount, 0.5}, {kSum, 1}}},
        OddEntries{"SummaryWithoutSum", "summary_1.db", {{kCount, 2}}},
        OddEntries{"Quantile",
                   "summary_1.db",
                   {{kCount, 2},
                    {kSum, 1},
                    {R"(["x", "x", {"quantile": "0.5"}, "h"])", 3}}}),
    [](const auto& info) { return info.param.name; });

TEST_F(PrometheusCppCollectableTest, FamiliesThatEscapingMakesOneAreNotMixed) {
  Write("gauge_sum_1.db", {{R"(["a.b", "a.b", {}, "h"])", 1},
                           {R"(["a_b", "a_b", {}, "h"])", 2},
                           {R"(["1é:", "1é:", {"1é:": "1é:"}, "h"])", 3}});
  const Meaning meaning = MeaningOf(Collect());
  EXPECT_THAT(
      meaning.samples,
      ElementsAre(std::pair(std::pair("__:", Labels{{"___", "1é:"}}), "3.0"),
                  std::pair(std::pair("a_b", Labels{}), "2.0")));
  EXPECT_THAT(told_, ElementsAre(StartsWith("name conflict: family a.b ")));
}

TEST_F(PrometheusCppCollectableTest, NamesOfFamiliesAndSamplesMayNotMeet) {
  Write("gauge_sum_1.db", {{R"(["a", "x.y", {}, "h"])", 1},
                           {R"(["h_s", "h_s", {}, "h"])", 2},
                           {R"(["x_y", "x_y", {}, "h"])", 3}});
  Write("histogram_1.db",
        {{R"(["h.s", "h.s_sum", {}, "h"])", 1},
         {R"(["h.s", "h.s_bucket", {"le": "+Inf"}, "h"])", 2}});
  EXPECT_THAT(MeaningOf(Collect()).samples,
              ElementsAre(std::pair(std::pair("h_s", Labels{}), "2.0"),
                          std::pair(std::pair("x_y", Labels{}), "3.0")));
  EXPECT_THAT(told_, ElementsAre(StartsWith("name conflict: family a "),
                                 StartsWith("name conflict: family h.s ")));
}

TEST_F(PrometheusCppCollectableTest, SampleNamesThatEscapingMakesOneAreNot) {
  Write("gauge_sum_1.db",
        {{R"(["g", "g.a", {}, "h"])", 1}, {R"(["g", "g_a", {}, "h"])", 2}});
  EXPECT_THAT(Collect(), IsEmpty());
  EXPECT_THAT(told_, ElementsAre(StartsWith("name conflict: family g ")));
}

TEST_F(PrometheusCppCollectableTest, SeriesThatEscapingMakesOneAreNotRepeated) {
  Write("gauge_sum_1.db",
        {{R"(["g", "g", {"a.b": "1"}, "h"])", 1},
         {R"(["g", "g", {"a_b": "1"}, "h"])", 2},
         {R"(["g", "g", {"a.b": "1", "a_b": "2"}, "h"])", 4}});
  EXPECT_THAT(
      MeaningOf(Collect()).samples,
      ElementsAre(std::pair(std::pair("g", Labels{{"a_b", "1"}}), "1.0")));
  EXPECT_THAT(told_, ElementsAre(HasSubstr(": 2 series of family g ")));
}

TEST_F(PrometheusCppCollectableTest, IssuesAreToldOnceAndAgainWhenTheyAreBack) {
  const PrometheusCppCollectable collectable = Collectable();
  const std::string key = R"(["c", "c_total", {}, "h"])";
  const auto expect_sum = [&](const std::string& sum) {
    EXPECT_THAT(MeaningOf(collectable.Collect()).samples,
                ElementsAre(std::pair(std::pair("c_total", Labels{}), sum)));
  };
  Write("counter_1.db", {{key, 1}});
  Write("counter_2.db", {{key, 2}, {"not a key", 4}});
  expect_sum("3.0");
  const Result<Snapshot> snapshot = Collector(directory_.path()).Collect();
  ASSERT_TRUE(snapshot.ok());
  ASSERT_THAT(snapshot->issues(), SizeIs(1));
  EXPECT_THAT(told_, ElementsAre(snapshot->issues().front().ToString()));
  Write("counter_1.db", {{key, 8}, {"not a key", 16}});
  expect_sum("10.0");
  EXPECT_THAT(told_, SizeIs(2));
  EXPECT_THAT(told_.back(), HasSubstr("/counter_1.db: "));

  directory_.Remove("counter_2.db");
  expect_sum("8.0");
  Write("counter_2.db", {{key, 2}, {"not a key", 4}});
  expect_sum("10.0");
  EXPECT_THAT(told_, SizeIs(3));
  EXPECT_EQ(told_.back(), told_.front());
}

TEST_F(PrometheusCppCollectableTest, FailureIsToldAndGivesNoFamilies) {
  const std::string path = directory_.path() + "/later";
  const PrometheusCppCollectable collectable(
      Collector(path),
      [this](const std::string& message) { told_.push_back(message); });
  EXPECT_THAT(collectable.Collect(), IsEmpty());
  EXPECT_THAT(collectable.Collect(), IsEmpty());
  EXPECT_THAT(told_, ElementsAre(StartsWith(path + ": ")));

  std::filesystem::copy(testing::GoldenPath("web", "db"), path);
  EXPECT_THAT(collectable.Collect(), Not(IsEmpty()));
  EXPECT_THAT(told_, SizeIs(1));

  std::filesystem::remove_all(path);
  EXPECT_THAT(collectable.Collect(), IsEmpty());
  EXPECT_THAT(told_, SizeIs(2));
}

TEST_F(PrometheusCppCollectableTest, NobodyNeedsToListen) {
  Write("counter_1.db", {{R"(["c", "c_total", {}, "h"])", 1}});
  Write("stranger.db", {});
  EXPECT_THAT(PrometheusCppCollectable(Collector(directory_.path())).Collect(),
              SizeIs(1));
  EXPECT_THAT(PrometheusCppCollectable(Collector(directory_.path() + "/none"))
                  .Collect(),
              IsEmpty());
}

TEST_F(PrometheusCppCollectableTest, WhatTheListenerThrowsCostsNothing) {
  static_assert(noexcept(std::declval<PrometheusCppCollectable&>().Collect()));
  Write("counter_1.db", {{R"(["c", "c_total", {}, "h"])", 1}});
  Write("stranger.db", {});
  Write("visitor.db", {});
  int told = 0;
  const PrometheusCppCollectable collectable(Collector(directory_.path()),
                                             [&](const std::string&) {
                                               ++told;
                                               throw std::runtime_error("no");
                                             });
  EXPECT_THAT(collectable.Collect(), SizeIs(1));
  EXPECT_EQ(told, 2);
}

TEST_F(PrometheusCppCollectableTest, SeveralThreadsMayCollect) {
  constexpr int kFiles = 200;
  std::atomic<int> told = 0;
  std::atomic<bool> written = false;
  const PrometheusCppCollectable collectable(
      Collector(directory_.path()), [&](const std::string&) { ++told; });
  const auto scrape = [&] {
    double before = 0;
    for (bool last = false; !last;) {
      last = written;
      const std::vector<prometheus::MetricFamily> families =
          collectable.Collect();
      if (families.empty()) continue;
      const double now = families.at(0).metric.at(0).counter.value;
      EXPECT_GE(now, before);
      before = now;
    }
    EXPECT_EQ(before, kFiles);
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back(scrape);
  for (int i = 0; i < kFiles; ++i) {
    Write("counter_" + std::to_string(i) + ".db",
          {{R"(["c", "c_total", {}, "h"])", 1}});
  }
  Write("stranger.db", {});
  written = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(told, 1);
}

}  // namespace
}  // namespace promshm
