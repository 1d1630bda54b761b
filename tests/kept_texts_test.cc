#include "collect/kept_texts.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace promshm::collect {
namespace {

constexpr std::array<TextStyle, 8> kStyles = {{{false, Escaping::kUnderscores},
                                               {false, Escaping::kAllowUtf8},
                                               {false, Escaping::kDots},
                                               {false, Escaping::kValues},
                                               {true, Escaping::kUnderscores},
                                               {true, Escaping::kAllowUtf8},
                                               {true, Escaping::kDots},
                                               {true, Escaping::kValues}}};

// Families that no two styles write the same way.
std::vector<MetricFamily> Families(int series) {
  MetricFamily family;
  family.name = "a.b";
  family.sample_names = {"a.b_total"};
  for (int i = 0; i < series; ++i) {
    family.series.push_back(
        {{{"k", std::to_string(i)}}, {{0, "", static_cast<std::uint32_t>(i)}}});
  }
  return {family};
}

TEST(KeptTextsTest, EachStyleHasATextThatStays) {
  const std::vector<MetricFamily> families = Families(3);
  KeptTexts texts(families);
  std::set<std::string> different;
  for (const TextStyle& style : kStyles) {
    const LayoutText& text = texts.Get(style);
    EXPECT_EQ(text.text, MakeLayoutText(families, style).text);
    EXPECT_EQ(&texts.Get(style), &text);
    different.insert(text.text);
  }
  EXPECT_EQ(different.size(), kStyles.size());
}

TEST(KeptTextsTest, ThreadsGetOneTextOfEachStyle) {
  constexpr std::size_t kThreads = 4;
  const std::vector<MetricFamily> families = Families(1'000);
  KeptTexts texts(families);
  std::array<std::array<const LayoutText*, kStyles.size()>, kThreads> got = {};
  std::latch start(kThreads);
  std::vector<std::thread> threads;
  for (std::size_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      start.arrive_and_wait();
      for (std::size_t i = 0; i < kStyles.size(); ++i) {
        got[thread][i] = &texts.Get(kStyles[i]);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < kStyles.size(); ++i) {
    EXPECT_EQ(got[0][i]->gaps.size(), 1'000U);
    for (std::size_t thread = 1; thread < kThreads; ++thread) {
      EXPECT_EQ(got[thread][i], got[0][i]);
    }
  }
}

}  // namespace
}  // namespace promshm::collect
