#ifndef PROMSHM_REGISTRY_H_
#define PROMSHM_REGISTRY_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "promshm/builder.h"
#include "promshm/counter.h"
#include "promshm/export.h"
#include "promshm/family.h"
#include "promshm/gauge.h"
#include "promshm/histogram.h"
#include "promshm/info.h"
#include "promshm/process_identifier.h"
#include "promshm/summary.h"

namespace promshm {

struct RegistryOptions {
  /// Where the files are. Empty: as PROMETHEUS_MULTIPROC_DIR says, else
  /// prometheus_multiproc_dir. It is not created. A relative path is taken from
  /// the working directory at construction.
  std::string directory;

  /// What stands for the process in its files' names.
  ProcessIdentifier identifier;

  /// Told, in the form `path: what: detail`, of what keeps a file from being
  /// written (once, until it could be again), and of a damaged file that was
  /// set aside. Called from the thread that met it, with no lock held; that may
  /// be in an increment. What it throws is swallowed.
  std::function<void(std::string_view message)> on_error;
};

/// Purpose: the families that this process counts in, and its files in a
/// multiprocess directory, which prometheus_client's workers may share:
///
///     promshm::Registry registry{"/run/myapp/metrics"};
///     auto& requests = promshm::BuildCounter()
///                          .Name("requests_total")
///                          .Help("Requests served")
///                          .Register(registry);
///     requests.Add({{"method", "GET"}}).Increment();
///
/// The first thing to know:
///
/// * Fork. Register before or after; handles keep working. A child's first
///   increment makes the child's own file, which starts from zero and gets the
///   series that the child counts in. The parent's files are not mapped in the
///   child. A child that never counts makes no file. No lock is ever held
///   across a fork. A child of a raw clone(2) is noticed as well; on kernels
///   without MADV_WIPEONFORK (before 4.14) it must not count. Two moments to
///   know: a child forked while another thread opens a file keeps that file
///   open until it ends or becomes another program; and fork() in a signal
///   handler must not return to an interrupted increment in the child.
/// * Failure. Where a file cannot be had (full disk, no directory, no right to
///   write), the program runs on. Increments of what has no place in a file are
///   dropped and counted, and once a second one of them tries again. Blocks are
///   reserved before they are touched, so a full disk is never a SIGBUS.
/// * Removed files. When somebody removes a file, or the directory, what is
///   counted in it is out of sight, and nothing tells until a series is added:
///   then it is reported, and all series of that kind count on, from zero, in a
///   new file.
/// * Other writers. A file that another writer has open is left to it, and a
///   name of its own taken: `counter_ID-2.db`. Such are a second Registry on
///   the directory, a process of the same ID in another container, and files
///   that a process that gave up its rights may not enlarge any more. Where
///   Python is in the process, the name without `-2` is left to it from the
///   start. A prometheus_client in another container of the same process ID
///   that comes second is not noticed in time: give each its directory.
/// * An earlier process's file with the same identifier is continued; that of a
///   live gauge is removed, for its process is dead. A damaged one is renamed
///   to `NAME.damaged`, and what stands before the damage carried over.
/// * Signals. Increments are safe in handlers, except where they meet a file
///   of an earlier process or find one taken away: that allocates memory.
///
/// The registry writes only; `promshm/collector.h` reads.
///
/// Lifetime: handles must not be used after their registry is gone; the files
/// stay. Where threads count until the program's last moment, let the registry
/// never go: `static auto& registry = *new promshm::Registry;`. Thread safety:
/// every method may be called from several threads.
class PROMSHM_EXPORT Registry {
 public:
  /// Takes the directory from the environment.
  Registry();

  explicit Registry(std::string directory);

  /// Never fails: where there is no directory, that is told to `on_error` and
  /// increments are dropped.
  explicit Registry(RegistryOptions options);

  ~Registry();

  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  /// Absolute; empty where neither options nor environment named one.
  const std::string& directory() const;

  /// How many increments, sets and observations of this process have found no
  /// file. Starts from zero in a forked child.
  std::uint64_t DroppedIncrements() const noexcept;

 private:
  template <typename T>
  friend class Builder;
  class State;

  template <typename T>
  Family<T>& Register(const FamilyDescription& description);

  const std::unique_ptr<State> state_;
};

extern template Family<Counter>& Builder<Counter>::Register(Registry&) const;
extern template Family<Gauge>& Builder<Gauge>::Register(Registry&) const;
extern template Family<Histogram>& Builder<Histogram>::Register(
    Registry&) const;
extern template Family<Summary>& Builder<Summary>::Register(Registry&) const;
extern template Family<Info>& Builder<Info>::Register(Registry&) const;

}  // namespace promshm

#endif  // PROMSHM_REGISTRY_H_
