#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opentelemetry/metrics/meter.h>
#include <opentelemetry/version.h>

#include <barrier>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "promshm/labels.h"
#include "promshm/meter_provider.h"
#include "tests/stress/opentelemetry_workload.h"
#include "tests/stress/scrape_watch.h"
#include "tests/stress/totals.h"
#include "tests/support/temporary_directory.h"

namespace promshm {
namespace {

namespace metrics = opentelemetry::metrics;

using testing::Attributes;
using ::testing::IsEmpty;
using testing::Observed;
using testing::OpenTelemetryWorkload;
using testing::ScrapeWatch;
using testing::SeriesName;
using ::testing::SizeIs;
using testing::Totals;

constexpr int kThreads = 8;
constexpr int kRounds = 1000;
constexpr int kChanges = 20;  // that the reader has to see

void InThreads(const std::function<void(int)>& body) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(body, i);
}

// Purpose: a directory, options with which a provider writes there and asks
// its callbacks all the time, and what such a provider reported.
class OpenTelemetryTest : public ::testing::Test {
 protected:
  MeterProviderOptions Options() {
    MeterProviderOptions options;
    options.directory = directory_.path();
    options.bounds = {1, 2};
    options.observe_interval = std::chrono::milliseconds(1);
    options.on_error = [this](std::string_view message) {
      const std::lock_guard lock(mutex_);
      messages_.emplace_back(message);
    };
    return options;
  }

  void ExpectTotals(const Totals& expected) const {
    EXPECT_THAT(testing::Differences(
                    testing::CollectTotals({directory_.path()}), expected),
                IsEmpty());
  }

  const testing::TemporaryDirectory directory_;
  std::mutex mutex_;
  std::vector<std::string> messages_;
};

// Has a callback come, perhaps run, and go by itself or with its instrument.
void ObserveForAWhile(PrometheusMeterProvider* provider, metrics::Meter* meter,
                      int thread, int round) {
  Observed observed(thread, round + 1);
  const auto sent = meter->CreateInt64ObservableCounter("sent", "Sent");
  const auto burnt = meter->CreateDoubleObservableCounter("burnt", "Burnt");
  sent->AddCallback(Observed::Observe, &observed);
  burnt->AddCallback(Observed::Observe, &observed);
  if (round % 4 == thread % 4 || round == kRounds - 1) {
    EXPECT_TRUE(provider->Collect());
  }
  sent->RemoveCallback(Observed::Observe, &observed);
}

TEST_F(OpenTelemetryTest, NoMeasurementIsLostWhileAReaderScrapes) {
  PrometheusMeterProvider provider(Options());
  ScrapeWatch watch(directory_.path(), OpenTelemetryWorkload::kUnit);
  InThreads([&](int thread) {
    for (int round = 0; round < kRounds; ++round) {
      // So that one thread at least is about while the reader scrapes.
      if (thread == 0) watch.WaitForChanges(round * kChanges / kRounds);
      const auto meter = provider.GetMeter("shop", "1.0");
      OpenTelemetryWorkload(meter.get()).Measure(thread, round);
      ObserveForAWhile(&provider, meter.get(), thread, round);
    }
  });
  watch.Stop();
  EXPECT_THAT(watch.findings(), IsEmpty());
  EXPECT_GE(watch.changes(), kChanges);
  Totals expected = OpenTelemetryWorkload::Expected(kThreads, kRounds);
  for (int thread = 0; thread < kThreads; ++thread) {
    const Labels labels = {{"by", std::to_string(thread)}};
    expected[SeriesName("sent_total", labels)] = kRounds;
    expected[SeriesName("burnt_total", labels)] = kRounds;
  }
  EXPECT_THAT(testing::Differences(watch.totals(), expected), IsEmpty());
  EXPECT_EQ(provider.DroppedMeasurements(), 0U);
  EXPECT_EQ(provider.RefusedMeasurements(), 0U);
  EXPECT_THAT(messages_, IsEmpty());
}

// What rises and falls, and what is not observed any more in the end.
void RiseAndFall(PrometheusMeterProvider* provider, metrics::Meter* meter,
                 int thread, int round) {
  const Attributes own = {{"by", std::to_string(thread)}};
  const auto open = meter->CreateInt64UpDownCounter("open");
  const auto load = meter->CreateDoubleUpDownCounter("load");
  const auto weight = meter->CreateDoubleObservableUpDownCounter("weight");
  const auto depth = meter->CreateInt64ObservableGauge("depth");
  Observed observed(thread, kRounds - round);
  open->Add(7);
  load->Add(-1.5, own);
  weight->AddCallback(Observed::Observe, &observed);
  depth->AddCallback(Observed::Observe, &observed);
  open->Add(-5, own);
  load->Add(0.5);
#if OPENTELEMETRY_ABI_VERSION_NO >= 2
  meter->CreateInt64Gauge("level")->Record(round, own);
#endif
  if (round % 16 == thread) {
    EXPECT_TRUE(provider->Collect());
  }
}

TEST_F(OpenTelemetryTest, ValuesThatFallEndWhereTheyShould) {
  PrometheusMeterProvider provider(Options());
  std::jthread reader([this](const std::stop_token& stop) {
    while (!stop.stop_requested()) testing::CollectTotals({directory_.path()});
  });
  InThreads([&provider](int thread) {
    for (int round = 0; round < kRounds; ++round) {
      const auto meter = provider.GetMeter("shop");
      RiseAndFall(&provider, meter.get(), thread, round);
    }
  });
  EXPECT_TRUE(provider.Collect());
  Totals expected = {{"open", 7 * kThreads * kRounds},
                     {"load", 0.5 * kThreads * kRounds}};
  for (int thread = 0; thread < kThreads; ++thread) {
    const Labels own = {{"by", std::to_string(thread)}};
    expected[SeriesName("open", own)] = -5 * kRounds;
    expected[SeriesName("load", own)] = -1.5 * kRounds;
    expected[SeriesName("weight", own)] = 0;
#if OPENTELEMETRY_ABI_VERSION_NO >= 2
    expected[SeriesName("level", own)] = kRounds - 1;
#endif
  }
  ExpectTotals(expected);
  EXPECT_EQ(provider.DroppedMeasurements(), 0U);
  EXPECT_THAT(messages_, IsEmpty());
}

TEST_F(OpenTelemetryTest, InstrumentsOutliveTheProviderThatGoesMeanwhile) {
  auto provider = std::make_unique<PrometheusMeterProvider>(Options());
  std::barrier created(kThreads + 1);
  std::jthread owner([&] {
    created.arrive_and_wait();
    provider->Shutdown();
    provider.reset();
  });
  InThreads([&](int thread) {
    const OpenTelemetryWorkload workload(provider->GetMeter("shop").get());
    created.arrive_and_wait();
    for (int round = 0; round < kRounds; ++round) {
      workload.Measure(thread, round);
    }
  });
  owner.join();
  ExpectTotals(OpenTelemetryWorkload::Expected(kThreads, kRounds));
  EXPECT_THAT(messages_, IsEmpty());
}

TEST_F(OpenTelemetryTest, RefusalsOfAllThreadsAreCountedAndReportedOnce) {
  PrometheusMeterProvider provider(Options());
  InThreads([&provider](int) {
    for (int round = 0; round < kRounds; ++round) {
      const auto meter = provider.GetMeter("shop");
      OpenTelemetryWorkload(meter.get()).MeasureInVain();
    }
  });
  EXPECT_EQ(provider.RefusedMeasurements(), 3U * kThreads * kRounds);
  EXPECT_THAT(messages_, SizeIs(3));
  ExpectTotals({});
}

TEST_F(OpenTelemetryTest, NoMeasurementIsLostWhereSeriesOverflow) {
  constexpr std::size_t kLimit = 100;
  MeterProviderOptions options = Options();
  options.cardinality_limit = kLimit;
  PrometheusMeterProvider provider(options);
  ScrapeWatch watch(directory_.path(), 1);
  InThreads([&provider](int thread) {
    const auto jobs = provider.GetMeter("shop")->CreateUInt64Counter("jobs");
    for (int round = 0; round < kRounds; ++round) {
      // Half of them are the next thread's, too.
      const int n = thread * kRounds / 2 + round;
      jobs->Add(1, Attributes{{"n", std::to_string(n)}});
    }
  });
  watch.Stop();
  EXPECT_THAT(watch.findings(), IsEmpty());
  const Totals& totals = watch.totals();
  EXPECT_THAT(totals, SizeIs(kLimit + 1));
  EXPECT_EQ(totals.count(R"(jobs_total{otel_metric_overflow="true"})"), 1U);
  double sum = 0;
  for (const auto& [name, value] : totals) sum += value;
  EXPECT_EQ(sum, kThreads * kRounds);
  EXPECT_THAT(messages_, SizeIs(1));
}

}  // namespace
}  // namespace promshm
