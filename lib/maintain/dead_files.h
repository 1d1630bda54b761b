#ifndef PROMSHM_MAINTAIN_DEAD_FILES_H_
#define PROMSHM_MAINTAIN_DEAD_FILES_H_

#include <cstdint>
#include <string_view>

#include "format/metric_file_name.h"

namespace promshm::maintain {

// Which process an identifier stands for.
enum class Owner {
  kOther,
  kProcess,  // the process, as its ID says
  kNumbered  // the ID and `-2` or so: the process, or one of that ID elsewhere
};

Owner OwnerOf(std::string_view identifier, std::uint64_t pid);

// A gauge that counts only while its process lives.
bool IsLiveGauge(const format::MetricFileName& name);

// Whether the files of its kind can be merged into one: not where each process
// has a series of its own, nor where values go with the process.
bool CanBeFolded(const format::MetricFileName& name);

}  // namespace promshm::maintain

#endif  // PROMSHM_MAINTAIN_DEAD_FILES_H_
