#ifndef PROMSHM_TOOLS_SERVE_STATUS_FAMILY_FILTER_H_
#define PROMSHM_TOOLS_SERVE_STATUS_FAMILY_FILTER_H_

#include <string>
#include <string_view>

#include "promshm/snapshot.h"

namespace promshm::tools {

// Purpose: finds a text in families and their series, wherever it stands in
// the name, the help, or the name or value of a label. The case of ASCII
// letters does not count. An empty text is everywhere.
//
// A value. Thread safety: const methods may be called from several threads.
class FamilyFilter {
 public:
  explicit FamilyFilter(std::string_view text);

  // In what all series of the family share: its names and its help.
  bool InFamily(const MetricFamily& family) const;

  // In the labels of a series.
  bool InSeries(const Series& series) const;

  // In either.
  bool Anywhere(const MetricFamily& family) const;

 private:
  bool In(std::string_view text) const;

  std::string lower_;
};

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_STATUS_FAMILY_FILTER_H_
