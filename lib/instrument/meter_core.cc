#include "promshm/otel/meter_core.h"

#include <atomic>
#include <exception>
#include <functional>
#include <utility>
#include <vector>

#include "instrument/attribute_set.h"
#include "instrument/instrument_table.h"
#include "instrument/meter_context.h"
#include "instrument/meter_scope.h"
#include "promshm/info.h"
#include "promshm/registry.h"
#include "store/fork_safe_lock.h"

namespace promshm::otel {
namespace {

using Guard = store::ForkSafeLock::Guard;

constexpr std::chrono::microseconds kForever = std::chrono::microseconds::max();

// Resource attributes as labels; those that become one are joined.
Labels ResourceLabels(const Labels& resource) {
  std::vector<Attribute> attributes;
  for (const auto& [key, value] : resource) {
    attributes.push_back({key, std::string_view{value}});
  }
  const AttributeSet set({attributes.data(), attributes.size()},
                         AttributeSpelling::kSpec);
  LabelRemarks remarks;
  return LabelsOf(set.Text(), {}, {}, &remarks);
}

}  // namespace

class MeterCore::State {
 public:
  State(const MeterProviderOptions& options, std::function<bool()> tick)
      : context(options, std::move(tick)),
        instruments(&context),
        target_labels_(ResourceLabels(options.resource)) {
    if (target_labels_.empty()) return;
    target_ = &BuildInfo()
                   .Name("target")
                   .Help("Target metadata")
                   .Register(*context.registry());
  }

  ~State() {
    context.observer()->Stop(true);
    Scope* scope = scopes.load();
    while (scope != nullptr) delete std::exchange(scope, scope->next);
  }

  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // Again and again, since there may have been no file.
  void TellTarget() {
    if (target_ != nullptr) target_->Add(target_labels_);
  }

  MeterContext context;
  InstrumentTable instruments;
  std::atomic<Scope*> scopes{nullptr};
  std::atomic<bool> is_shut_down{false};

 private:
  const Labels target_labels_;
  Family<Info>* target_ = nullptr;
};

std::shared_ptr<MeterCore> MeterCore::Create(
    const MeterProviderOptions& options) noexcept {
  try {
    // The thread must not be what keeps the core alive.
    auto weak = std::make_shared<std::weak_ptr<MeterCore>>();
    const auto tick = [weak] {
      const std::shared_ptr<MeterCore> core = weak->lock();
      if (core != nullptr) core->Collect(kForever);
      return core != nullptr;
    };
    std::shared_ptr<MeterCore> core(
        new MeterCore(std::make_unique<State>(options, tick)));
    *weak = core;
    core->state_->TellTarget();
    return core;
  } catch (const std::exception&) {
    return nullptr;
  }
}

MeterCore::MeterCore(std::unique_ptr<State> state) : state_(std::move(state)) {}

MeterCore::~MeterCore() = default;

const Scope* MeterCore::FindOrAddScope(
    const ScopeDescription& description) noexcept {
  try {
    auto added = std::make_unique<Scope>(description);
    const bool is_nameless = description.name.empty();
    {
      const Guard guard(state_->context.lock());
      if (!guard.holds()) return nullptr;
      Scope* const newest = state_->scopes.load(std::memory_order_relaxed);
      for (Scope* scope = newest; scope != nullptr; scope = scope->next) {
        if (!scope->IsSame(*added)) continue;
        scope->removed = false;
        return scope;
      }
      added->next = newest;
      state_->scopes.store(added.get(), std::memory_order_release);
    }
    if (is_nameless) state_->context.Report("meter: it has no name");
    return added.release();
  } catch (const std::exception&) {
    return nullptr;
  }
}

void MeterCore::RemoveScopes(std::string_view name, std::string_view version,
                             std::string_view schema_url) noexcept {
  Scope* scope = state_->scopes.load(std::memory_order_acquire);
  for (; scope != nullptr; scope = scope->next) {
    if (!scope->IsNamed(name, version, schema_url) ||
        scope->removed.exchange(true)) {
      continue;
    }
    state_->context.observer()->Remove(
        [scope](std::uintptr_t /*id*/, const CallbackSource& source) {
          return source.scope == scope;
        });
  }
}

std::shared_ptr<Instrument> MeterCore::FindOrAddInstrument(
    const Scope& scope, const InstrumentDescription& description) noexcept {
  try {
    Instrument* instrument = state_->instruments.FindOrAdd(scope, description);
    if (instrument == nullptr) return nullptr;
    return {shared_from_this(), instrument};
  } catch (const std::exception&) {
    return nullptr;
  }
}

std::uintptr_t MeterCore::AddCallback(
    const CallbackSource& source, std::unique_ptr<Callback> callback) noexcept {
  return IsShutDown()
             ? 0
             : state_->context.observer()->Add(source, std::move(callback));
}

void MeterCore::RemoveCallback(std::uintptr_t id) noexcept {
  state_->context.observer()->Remove(
      [id](std::uintptr_t other, const CallbackSource& /*source*/) {
        return other == id;
      });
}

void MeterCore::RemoveCallback(const CallbackSource& source) noexcept {
  state_->context.observer()->Remove(
      [&source](std::uintptr_t /*id*/, const CallbackSource& other) {
        return other == source;
      });
}

void MeterCore::RemoveCallbacksOf(const void* owner) noexcept {
  state_->context.observer()->Remove(
      [owner](std::uintptr_t /*id*/, const CallbackSource& source) {
        return source.owner == owner;
      });
}

bool MeterCore::Collect(std::chrono::microseconds timeout) noexcept {
  if (IsShutDown()) return false;
  try {
    state_->TellTarget();
  } catch (const std::exception&) {
    return false;
  }
  return state_->context.observer()->Pass(
      timeout, [this] { state_->context.BeginPass(); },
      [this] {
        state_->instruments.ForEach(
            [](MeterInstrument* instrument) { instrument->Store(); });
      });
}

bool MeterCore::Shutdown(std::chrono::microseconds timeout) noexcept {
  const bool collected = Collect(timeout);
  if (state_->is_shut_down.exchange(true)) return true;
  // A callback that takes for ever must not keep the program from ending.
  state_->context.observer()->Stop(collected);
  return collected;
}

bool MeterCore::IsShutDown() const noexcept { return state_->is_shut_down; }

std::uint64_t MeterCore::RefusedMeasurements() const noexcept {
  return state_->context.refused()->value();
}

std::uint64_t MeterCore::DroppedMeasurements() const noexcept {
  return state_->context.registry()->DroppedIncrements() +
         state_->context.lost()->value();
}

std::string_view MeterCore::directory() const noexcept {
  return state_->context.registry()->directory();
}

}  // namespace promshm::otel
