#ifndef PROMSHM_GAUGE_MODE_H_
#define PROMSHM_GAUGE_MODE_H_

namespace promshm {

/// How the values that several processes hold of one gauge become one:
/// prometheus_client's ten modes. The `Live` ones count only while their
/// process lives: its file goes when it is found dead.
///
/// The processes of a service have to agree on a gauge's mode. A reader keeps
/// the first it finds and reports the others.
enum class GaugeMode {
  kAll,      ///< a series a process, with a label `pid`; the clients' default
  kLiveAll,  ///< as kAll
  kMin,      ///< the smallest value
  kLiveMin,
  kMax,  ///< the largest value
  kLiveMax,
  kSum,  ///< the sum
  kLiveSum,
  kMostRecent,  ///< the value set last; no series while none was
  kLiveMostRecent
};

}  // namespace promshm

#endif  // PROMSHM_GAUGE_MODE_H_
