#include "instrument/meter_context.h"

#include <utility>

namespace promshm::otel {
namespace {

RegistryOptions RegistryOptionsOf(const MeterProviderOptions& options) {
  RegistryOptions registry;
  registry.directory = options.directory;
  registry.identifier = options.identifier;
  registry.on_error = options.on_error;
  return registry;
}

}  // namespace

MeterContext::MeterContext(const MeterProviderOptions& options,
                           std::function<bool()> tick)
    : options_(options),
      registry_(RegistryOptionsOf(options)),
      observer_(options.observe_interval, std::move(tick),
                [this](std::string_view message) { Report(message); }) {}

void MeterContext::Report(std::string_view message) const noexcept {
  if (!options_.on_error) return;
  try {
    options_.on_error(message);
  } catch (...) {
    return;
  }
}

}  // namespace promshm::otel
