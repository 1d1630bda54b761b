#include "promshm/registry.h"

#include <atomic>
#include <stdexcept>
#include <utility>

#include "instrument/family_core.h"
#include "instrument/process_files.h"
#include "store/fork_safe_lock.h"
#include "store/multiprocess_directory.h"

namespace promshm {
namespace {

using instrument::FamilyCore;
using instrument::InstrumentKind;

template <typename T>
inline constexpr InstrumentKind kKindOf = InstrumentKind::kCounter;
template <>
inline constexpr InstrumentKind kKindOf<Gauge> = InstrumentKind::kGauge;
template <>
inline constexpr InstrumentKind kKindOf<Histogram> = InstrumentKind::kHistogram;
template <>
inline constexpr InstrumentKind kKindOf<Summary> = InstrumentKind::kSummary;
template <>
inline constexpr InstrumentKind kKindOf<Info> = InstrumentKind::kInfo;

RegistryOptions OptionsOf(std::string directory) {
  RegistryOptions options;
  options.directory = std::move(directory);
  return options;
}

}  // namespace

// The families stand in a list that only grows, at its head, so that a forked
// child finds it sound whatever another thread of the parent was doing.
class Registry::State {
 public:
  struct Node {
    explicit Node(FamilyCore family_core) : core(std::move(family_core)) {}
    virtual ~Node() = default;

    FamilyCore core;
    Node* next = nullptr;
  };

  explicit State(RegistryOptions options)
      : files_(store::MultiprocessDirectory(options.directory),
               std::move(options.identifier), std::move(options.on_error)) {}

  ~State() {
    Node* node = families_.load();
    while (node != nullptr) delete std::exchange(node, node->next);
  }

  State(const State&) = delete;
  State& operator=(const State&) = delete;

  instrument::ProcessFiles* files() { return &files_; }

  // Adds a family, unless it is there; throws when its names are taken.
  Node* Add(std::unique_ptr<Node> added) {
    files_.LookForPython();
    const std::string* clash = nullptr;
    {
      const store::ForkSafeLock::Guard guard(files_.lock());
      for (Node* node = families_.load(); node != nullptr; node = node->next) {
        if (node->core.IsSame(added->core)) return node;
        if (clash == nullptr) clash = node->core.FindClash(added->core);
      }
      if (clash == nullptr) {
        added->next = families_.load();
        families_.store(added.get());
        return added.release();
      }
    }
    throw std::invalid_argument(
        added->core.description().name + ": " + *clash +
        " is taken by a family of another type, mode or other labels");
  }

 private:
  instrument::ProcessFiles files_;
  std::atomic<Node*> families_{nullptr};
};

Registry::Registry() : Registry(RegistryOptions()) {}

Registry::Registry(std::string directory)
    : Registry(OptionsOf(std::move(directory))) {}

Registry::Registry(RegistryOptions options)
    : state_(std::make_unique<State>(std::move(options))) {}

Registry::~Registry() = default;

const std::string& Registry::directory() const {
  return state_->files()->directory();
}

std::uint64_t Registry::DroppedIncrements() const noexcept {
  return state_->files()->dropped()->value();
}

template <typename T>
Family<T>& Registry::Register(const FamilyDescription& description) {
  struct FamilyNode : State::Node {
    using State::Node::Node;
    Family<T> family{this->core};
  };
  State::Node* node = state_->Add(std::make_unique<FamilyNode>(
      FamilyCore(kKindOf<T>, description, state_->files())));
  // The same kind, so the same type.
  return static_cast<FamilyNode*>(node)->family;
}

template <typename T>
Family<T>& Builder<T>::Register(Registry& registry) const {
  return registry.Register<T>(description_);
}

template PROMSHM_EXPORT Family<Counter>& Builder<Counter>::Register(
    Registry& registry) const;
template PROMSHM_EXPORT Family<Gauge>& Builder<Gauge>::Register(
    Registry& registry) const;
template PROMSHM_EXPORT Family<Histogram>& Builder<Histogram>::Register(
    Registry& registry) const;
template PROMSHM_EXPORT Family<Summary>& Builder<Summary>::Register(
    Registry& registry) const;
template PROMSHM_EXPORT Family<Info>& Builder<Info>::Register(
    Registry& registry) const;

}  // namespace promshm
