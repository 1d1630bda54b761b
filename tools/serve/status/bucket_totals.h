#ifndef PROMSHM_TOOLS_SERVE_STATUS_BUCKET_TOTALS_H_
#define PROMSHM_TOOLS_SERVE_STATUS_BUCKET_TOTALS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "promshm/snapshot.h"

namespace promshm::tools {

// A histogram's bucket: how many observations are at or below its bound.
struct BucketTotal {
  std::string le;
  double count = 0;
};

// Purpose: adds up the buckets of any number of series. Those that have other
// bounds than the rest are added by their increments, so that the totals never
// fall from one bound to the next.
//
// Thread safety: needs external locking.
class BucketTotals {
 public:
  // What `series` of the snapshot has in its buckets.
  void Add(const Snapshot& snapshot, const Series& series);

  // Cumulated, in the order of the bounds. Of more than `most` some are left
  // out, never the last; what the others count stays true.
  std::vector<BucketTotal> Cumulated(std::size_t most) const;

 private:
  struct Bucket {
    std::string le;
    double bound = 0;
    double increment = 0;
  };

  // Where the bucket of this bound is, which is added if it is new. `expected`
  // is where it will be if all series have the same bounds.
  std::size_t Find(const std::string& le, std::size_t expected);

  std::vector<Bucket> buckets_;
};

}  // namespace promshm::tools

#endif  // PROMSHM_TOOLS_SERVE_STATUS_BUCKET_TOTALS_H_
