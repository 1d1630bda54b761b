#ifndef PROMSHM_STORE_PROCESS_GENERATION_H_
#define PROMSHM_STORE_PROCESS_GENERATION_H_

#include <atomic>
#include <cstdint>

namespace promshm::store {

// Tells a process from the one it was forked from, for the price of a load:
// what was set up under one generation is of no use under another.
//
// The word is 0 in a process that nobody has entered. It lies in a page that
// the kernel wipes in every child that gets a copy of the memory, however the
// child was made; where MADV_WIPEONFORK is missing, fork() alone is noticed.
using GenerationWord = std::atomic<std::uint32_t>;

// Valid until the process ends. The first call must not be in a signal handler.
const GenerationWord& ProcessGeneration() noexcept;

// This process's generation, which is given one if it has none: another than
// every process had from which it descends. May be called in signal handlers
// once ProcessGeneration() was.
std::uint32_t EnterProcess() noexcept;

// Whether a Python interpreter is loaded that could open the metric files of
// this process ID as well. Not to be called in signal handlers.
bool PythonIsLoaded() noexcept;

// The process ID. May be called in signal handlers.
std::uint64_t ProcessId() noexcept;

}  // namespace promshm::store

#endif  // PROMSHM_STORE_PROCESS_GENERATION_H_
