#ifndef PROMSHM_TESTS_SUPPORT_EXPOSITION_MEANING_H_
#define PROMSHM_TESTS_SUPPORT_EXPOSITION_MEANING_H_

#include <map>
#include <string>
#include <utility>

namespace promshm::testing {

// How many digits of a number are compared.
enum class Digits { kAll, kSixteen };

// Purpose: what an exposition says, whatever its order and spelling.
//
// A value. Thread safety: needs external locking.
struct ExpositionMeaning {
  using Labels = std::map<std::string, std::string>;

  // A series that is there already is a failure of the test.
  void AddSample(const std::string& name, Labels labels, double value,
                 Digits digits);

  // Values by sample name and labels, as NumberText spells them: NaN is equal
  // to NaN then.
  std::map<std::pair<std::string, Labels>, std::string> samples;

  // Type and help by the name of the family. The help is as it is written,
  // with its escapes.
  std::map<std::string, std::pair<std::string, std::string>> families;
};

// Reads text format 0.0.4. Families without samples are left out. A line that
// is neither comment nor sample is a failure of the test.
ExpositionMeaning ReadExposition(const std::string& text, Digits digits);

}  // namespace promshm::testing

#endif  // PROMSHM_TESTS_SUPPORT_EXPOSITION_MEANING_H_
