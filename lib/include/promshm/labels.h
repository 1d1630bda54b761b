#ifndef PROMSHM_LABELS_H_
#define PROMSHM_LABELS_H_

#include <map>
#include <string>

namespace promshm {

/// The label set of a series, value by name. A value that is not UTF-8 is
/// written with U+FFFD for what is not.
using Labels = std::map<std::string, std::string>;

}  // namespace promshm

#endif  // PROMSHM_LABELS_H_
