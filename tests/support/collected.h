#ifndef PROMSHM_TESTS_SUPPORT_COLLECTED_H_
#define PROMSHM_TESTS_SUPPORT_COLLECTED_H_

#include <string>

#include "promshm/collector.h"

namespace promshm::testing {

// Of a Collector of that directory alone.
CollectorOptions OptionsFor(const std::string& directory);

// All that a scrape says, for comparing it with another: the text, how many
// processes each family has, and the issues; or why there is nothing.
std::string Collected(Collector* collector, const CollectOptions& options = {});

// Where two texts begin to differ: that line of both.
std::string FirstDifference(const std::string& a, const std::string& b);

}  // namespace promshm::testing

#endif  // PROMSHM_TESTS_SUPPORT_COLLECTED_H_
