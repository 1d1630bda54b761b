#include "store/process_generation.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <new>

namespace promshm::store {
namespace {

GenerationWord unwiped_word{0};

// Inherited by fork, so that a child counts on from here.
std::atomic<std::uint32_t> last_generation{0};

GenerationWord* MapWipedWord() {
  const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* page = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return nullptr;
  if (madvise(page, size, MADV_WIPEONFORK) != 0) {
    munmap(page, size);
    return nullptr;
  }
  return new (page) GenerationWord(0);
}

GenerationWord* MakeWord() {
  if (GenerationWord* word = MapWipedWord()) return word;
  pthread_atfork(nullptr, nullptr, [] { unwiped_word = 0; });
  return &unwiped_word;
}

GenerationWord& Word() {
  static GenerationWord& word = *MakeWord();
  return word;
}

}  // namespace

const GenerationWord& ProcessGeneration() noexcept { return Word(); }

std::uint32_t EnterProcess() noexcept {
  GenerationWord& word = Word();
  std::uint32_t current = word.load(std::memory_order_acquire);
  if (current != 0) return current;
  const std::uint32_t mine = ++last_generation;
  return word.compare_exchange_strong(current, mine) ? mine : current;
}

bool PythonIsLoaded() noexcept {
  return dlsym(RTLD_DEFAULT, "Py_IsInitialized") != nullptr;
}

std::uint64_t ProcessId() noexcept {
  return static_cast<std::uint64_t>(getpid());
}

}  // namespace promshm::store
