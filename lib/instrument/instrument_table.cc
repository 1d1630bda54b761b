#include "instrument/instrument_table.h"

#include <new>
#include <stdexcept>
#include <utility>

#include "format/opentelemetry_name.h"
#include "instrument/metric_traits.h"
#include "instrument/observable_instrument.h"
#include "instrument/sync_instrument.h"
#include "promshm/builder.h"
#include "promshm/counter.h"
#include "promshm/gauge.h"
#include "promshm/histogram.h"
#include "store/fork_safe_lock.h"

namespace promshm::otel {

using Guard = store::ForkSafeLock::Guard;

namespace {

std::string_view ToString(NumberType number) {
  return number == NumberType::kInteger ? "integer" : "double";
}

}  // namespace

// An instrument as the application asked for it.
struct InstrumentTable::Declaration {
  bool IsNamed(const Scope& its_scope, std::string_view its_name) const {
    return scope == &its_scope && format::IsSameInstrumentName(name, its_name);
  }

  bool IsSame(const Scope& its_scope,
              const InstrumentDescription& other) const {
    return IsNamed(its_scope, other.name) && kind == other.kind &&
           number == other.number && description == other.description &&
           unit == other.unit;
  }

  const Scope* scope = nullptr;
  InstrumentKind kind = InstrumentKind::kCounter;
  NumberType number = NumberType::kDouble;
  std::string name;
  std::string description;
  std::string unit;
  MeterInstrument* metric = nullptr;
  std::atomic<bool> other_case_was_told{false};
  Declaration* next = nullptr;
};

InstrumentTable::~InstrumentTable() {
  Declaration* declaration = declarations_.load();
  while (declaration != nullptr) {
    delete std::exchange(declaration, declaration->next);
  }
  MeterInstrument* metric = metrics_.load();
  while (metric != nullptr) delete std::exchange(metric, metric->next);
}

MeterInstrument* InstrumentTable::FindOrAdd(
    const Scope& scope, const InstrumentDescription& description) {
  if (!format::IsInstrumentName(description.name)) {
    context_.Report('"' + std::string(description.name) +
                    "\": invalid instrument name: need a letter and up to 254 "
                    "letters, digits or _.-/");
    return nullptr;
  }
  const auto is_same = [&](const Declaration& other) {
    return other.IsSame(scope, description);
  };
  if (Declaration* same = FindDeclaration(is_same)) {
    const bool other_case = same->name != description.name;
    if (other_case && !same->other_case_was_told.exchange(true)) {
      ReportConflict(*same, description);
    }
    return same->metric;
  }
  InstrumentDescription named = description;
  const Declaration* first = FindDeclaration([&](const Declaration& other) {
    return other.IsNamed(scope, description.name);
  });
  if (first != nullptr) {
    ReportConflict(*first, description);
    // The one before has the name of the one before it.
    named.name = first->name;
  }
  auto added = std::make_unique<Declaration>();
  added->scope = &scope;
  added->kind = named.kind;
  added->number = named.number;
  added->name = named.name;
  added->description = named.description;
  added->unit = named.unit;
  added->metric = FindOrAddMetric(scope, named);
  if (added->metric == nullptr) return nullptr;

  const Guard guard(context_.lock());
  if (!guard.holds()) throw std::bad_alloc();
  // Another thread may have come first.
  if (Declaration* same = FindDeclaration(is_same)) return same->metric;
  added->next = declarations_.load(std::memory_order_relaxed);
  declarations_.store(added.get(), std::memory_order_release);
  return added.release()->metric;
}

MeterInstrument* InstrumentTable::FindOrAddMetric(
    const Scope& scope, const InstrumentDescription& description) {
  const MeterProviderOptions& options = context_.options();
  std::string problem;
  const MetricTraits traits =
      MakeTraits(description, options,
                 options.scope_labels ? scope.labels() : Labels(), &problem);
  if (!problem.empty()) {
    context_.Report(traits.instrument + ": bounds left out: " + problem);
  }
  const std::string help(description.description);
  for (const MetricTraits& candidate : {traits, WithKindInName(traits)}) {
    MeterInstrument* metric = FindOrAddMetric(candidate, help);
    if (metric == nullptr) continue;
    if (candidate.name != traits.name) {
      context_.Report(traits.instrument + ": metric " + traits.name +
                      " is of another kind: written as " + candidate.name);
    }
    const std::string& other = metric->traits().instrument;
    if (!format::IsSameInstrumentName(other, traits.instrument)) {
      context_.Report(traits.instrument + ": counts together with " + other +
                      ": both are the metric " + candidate.name);
    }
    return metric;
  }
  context_.Report(traits.instrument + ": not written: metric " + traits.name +
                  " is of another kind");
  return nullptr;
}

// Null where the name is taken by another kind of metric.
MeterInstrument* InstrumentTable::FindOrAddMetric(const MetricTraits& traits,
                                                  const std::string& help) {
  std::unique_ptr<MeterInstrument> made;
  for (;;) {
    MeterInstrument* const newest = metrics_.load(std::memory_order_acquire);
    for (MeterInstrument* metric = newest; metric != nullptr;
         metric = metric->next) {
      const MetricTraits& other = metric->traits();
      if (other.name != traits.name) continue;
      if (other.kind != traits.kind) return nullptr;
      if (other.scope_labels == traits.scope_labels) return metric;
    }
    if (made == nullptr) made = Make(traits, help);
    if (made == nullptr) return nullptr;
    const Guard guard(context_.lock());
    if (!guard.holds()) throw std::bad_alloc();
    // Look again where another thread has come first.
    if (metrics_.load(std::memory_order_relaxed) != newest) continue;
    made->next = metrics_.load(std::memory_order_relaxed);
    metrics_.store(made.get(), std::memory_order_release);
    return made.release();
  }
}

// Null where the registry has the name for something else.
std::unique_ptr<MeterInstrument> InstrumentTable::Make(
    const MetricTraits& traits, const std::string& help) {
  Registry& registry = *context_.registry();
  try {
    switch (traits.kind) {
      case InstrumentKind::kCounter:
      case InstrumentKind::kObservableCounter:
        return MakeOf(
            traits,
            &BuildCounter().Name(traits.name).Help(help).Register(registry));
      case InstrumentKind::kHistogram:
        return std::make_unique<SyncInstrument<Histogram>>(
            traits,
            &BuildHistogram().Name(traits.name).Help(help).Register(registry),
            &context_);
      default:
        return MakeOf(traits, &BuildGauge()
                                   .Name(traits.name)
                                   .Help(help)
                                   .Mode(traits.mode)
                                   .Register(registry));
    }
  } catch (const std::invalid_argument&) {
    return nullptr;
  }
}

template <typename T>
std::unique_ptr<MeterInstrument> InstrumentTable::MakeOf(
    const MetricTraits& traits, Family<T>* family) {
  if (IsObservable(traits.kind)) {
    return std::make_unique<ObservableInstrument<T>>(traits, family, &context_);
  }
  return std::make_unique<SyncInstrument<T>>(traits, family, &context_);
}

// The newest that `matches`, or null.
template <typename Matcher>
auto InstrumentTable::FindDeclaration(const Matcher& matches) const
    -> Declaration* {
  Declaration* declaration = declarations_.load(std::memory_order_acquire);
  while (declaration != nullptr && !matches(*declaration)) {
    declaration = declaration->next;
  }
  return declaration;
}

void InstrumentTable::ReportConflict(const Declaration& first,
                                     const InstrumentDescription& other) const {
  const auto report = [&](std::string_view what, std::string_view before,
                          std::string_view now) {
    if (before == now) return;
    std::string message(other.name);
    message.append(": ").append(what);
    message.append(" differs from that of an earlier instrument: ");
    message.append(now).append(", not ").append(before);
    context_.Report(message);
  };
  const auto quoted = [](std::string_view text) {
    return '"' + std::string(text) + '"';
  };
  report("name", first.name, other.name);
  report("kind", ToString(first.kind), ToString(other.kind));
  report("number type", ToString(first.number), ToString(other.number));
  report("unit", quoted(first.unit), quoted(other.unit));
  report("description", quoted(first.description), quoted(other.description));
}

}  // namespace promshm::otel
