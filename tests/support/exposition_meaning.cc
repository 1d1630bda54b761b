#include "tests/support/exposition_meaning.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string_view>

#include "promshm/exposition.h"

namespace promshm::testing {
namespace {

double NumberOf(const std::string& text) {
  return std::strtod(text.c_str(), nullptr);
}

std::string Spelled(double value, Digits digits) {
  if (digits == Digits::kAll) return NumberText(value);
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.16g", value);
  return NumberText(NumberOf(text.data()));
}

// Takes a quoted text off the front of `text`.
std::string TakeQuoted(std::string_view* text) {
  std::string value;
  std::size_t i = 1;
  for (; text->at(i) != '"'; ++i) {
    const bool escaped = text->at(i) == '\\';
    if (escaped) ++i;
    value.push_back(escaped && text->at(i) == 'n' ? '\n' : text->at(i));
  }
  text->remove_prefix(i + 1);
  return value;
}

// Takes `{name="value",...}`, where there is one, off the front of `text`.
ExpositionMeaning::Labels TakeLabels(std::string_view* text) {
  ExpositionMeaning::Labels labels;
  if (!text->starts_with('{')) return labels;
  do {
    text->remove_prefix(1);
    const std::string name(text->substr(0, text->find('=')));
    text->remove_prefix(name.size() + 1);
    labels[name] = TakeQuoted(text);
  } while (text->starts_with(','));
  EXPECT_TRUE(text->starts_with("} ")) << *text;
  text->remove_prefix(1);
  return labels;
}

}  // namespace

void ExpositionMeaning::AddSample(const std::string& name, Labels labels,
                                  double value, Digits digits) {
  const auto le = labels.find("le");
  if (le != labels.end()) le->second = Spelled(NumberOf(le->second), digits);
  const bool added =
      samples.try_emplace({name, std::move(labels)}, Spelled(value, digits))
          .second;
  EXPECT_TRUE(added) << name << " has a series twice";
}

ExpositionMeaning ReadExposition(const std::string& text, Digits digits) {
  ExpositionMeaning meaning;
  std::map<std::string, std::string> helps;
  std::string family;
  std::string type;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::string_view rest = line;
    if (rest.starts_with("# ")) {
      std::istringstream words(line);
      std::string hash, keyword, comment;
      words >> hash >> keyword >> family >> std::ws;
      std::getline(words, comment);
      (keyword == "TYPE" ? type : helps[family]) = comment;
      continue;
    }
    const std::string name(rest.substr(0, rest.find_first_of("{ ")));
    if (name.size() == line.size()) {
      ADD_FAILURE() << "not a sample: " << line;
      continue;
    }
    rest.remove_prefix(name.size());
    ExpositionMeaning::Labels labels = TakeLabels(&rest);
    meaning.AddSample(name, std::move(labels), NumberOf(std::string(rest)),
                      digits);
    meaning.families[family] = {type, helps[family]};
  }
  return meaning;
}

}  // namespace promshm::testing
