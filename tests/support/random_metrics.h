#ifndef PROMSHM_TESTS_SUPPORT_RANDOM_METRICS_H_
#define PROMSHM_TESTS_SUPPORT_RANDOM_METRICS_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "tests/support/dice.h"
#include "tests/support/file_builder.h"

namespace promshm::testing {

// Names, keys and values as the clients write them: few enough that files
// share series, and now and then what disagrees with another file or with
// everybody.

// A metric file's name.
std::string RandomFileName(Dice* dice);

// Who may have written it.
Generation RandomGeneration(std::string_view file_name, Dice* dice);

// A key for a file of that name.
std::string RandomKey(std::string_view file_name, const Generation& generation,
                      Dice* dice);

// Any double.
double RandomValue(Dice* dice);

// Seconds; 0 where a gauge was not set.
double RandomTimestamp(Dice* dice);

// A file of so many entries.
FileBuilder RandomFile(std::string_view file_name, const Generation& generation,
                       std::size_t entries, Dice* dice);

}  // namespace promshm::testing

#endif  // PROMSHM_TESTS_SUPPORT_RANDOM_METRICS_H_
