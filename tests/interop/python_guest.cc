// A native core inside a Python worker: what a test loads with ctypes.

#include <memory>

#include "promshm/registry.h"

namespace {

std::unique_ptr<promshm::Registry> registry;

promshm::Family<promshm::Counter>& Jobs() {
  return promshm::BuildCounter().Name("jobs").Help("Jobs").Register(*registry);
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) void guest_start(const char* directory) {
  registry = std::make_unique<promshm::Registry>(directory);
  Jobs().Add({{"k", "first"}});
}

__attribute__((visibility("default"))) void guest_increment(const char* label,
                                                            double amount) {
  Jobs().Add({{"k", label}}).Increment(amount);
}
}
