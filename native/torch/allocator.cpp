// How the process takes memory. A training step frees and allocates the same tensors over and over. By default glibc maps every
// block above a threshold afresh and gives it back when it is freed, so each tensor pays for page faults and zeroed pages (measured:
// a fifth of the time of a forward pass). Kept in the heap, the same pages are used again.
// Blocks above the largest threshold that glibc accepts are kept here instead: gradients of an embedding and a head are such.
#if defined(__GLIBC__) || defined(__linux__)
#include <c10/core/CPUAllocator.h>
#include <malloc.h>
#include <sys/mman.h>

#include <algorithm>
#include <list>
#include <mutex>
#include <unordered_map>

namespace {

constexpr int kLargestHeapBlock = 32 << 20;  // glibc accepts no larger threshold
constexpr int kKept = 1 << 30;               // freed memory that is not given back: at the top of the heap, and in large blocks
constexpr size_t kHugePage = 2 << 20;

// Large blocks, freed ones for the next that needs about as much. What is kept never adds to the footprint: blocks in use and kept ones together are at most
// as much as were once in use.
class LargeBlocks final : public c10::Allocator {
 public:
  explicit LargeBlocks(c10::Allocator* others) : others_(others) {}

  c10::DataPtr allocate(size_t bytes) const override {
    void* block = bytes > kLargestHeapBlock ? take(bytes) : nullptr;
    return block != nullptr ? c10::DataPtr(block, block, &release, c10::Device(c10::DeviceType::CPU)) : others_->allocate(bytes);
  }

  c10::DeleterFnPtr raw_deleter() const override { return &release; }

 private:
  struct Block {
    void* start;
    size_t bytes;
  };

  void* take(size_t bytes) const {
    std::lock_guard<std::mutex> lock(mutex_);
    bytes = (bytes + kHugePage - 1) / kHugePage * kHugePage;
    auto best = kept_.end();
    for (auto block = kept_.begin(); block != kept_.end(); ++block)
      if (block->bytes >= bytes && block->bytes - bytes <= bytes / 8 && (best == kept_.end() || block->bytes < best->bytes)) best = block;
    Block block{nullptr, bytes};
    if (best != kept_.end()) {
      block = *best;
      kept_bytes_ -= block.bytes;
      kept_.erase(best);
    } else {
      shrink(std::max(most_used_, used_bytes_ + bytes) - used_bytes_ - bytes);
      block.start = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (block.start == MAP_FAILED) return nullptr;
      madvise(block.start, bytes, MADV_HUGEPAGE);  // a wish: where it cannot be granted, small pages do
    }
    used_[block.start] = block.bytes;
    used_bytes_ += block.bytes;
    most_used_ = std::max(most_used_, used_bytes_);
    return block.start;
  }

  bool give_back(void* start) const {
    std::lock_guard<std::mutex> lock(mutex_);
    auto found = used_.find(start);
    if (found == used_.end()) return false;
    Block block{start, found->second};
    used_.erase(found);
    used_bytes_ -= block.bytes;
    kept_.push_back(block);
    kept_bytes_ += block.bytes;
    shrink(kKept);
    return true;
  }

  // Unmaps kept blocks, those longest unused first, until at most so much is kept.
  void shrink(size_t bytes) const {
    while (kept_bytes_ > bytes) {
      munmap(kept_.front().start, kept_.front().bytes);
      kept_bytes_ -= kept_.front().bytes;
      kept_.pop_front();
    }
  }

  static void release(void* start);

  c10::Allocator* others_;
  mutable std::mutex mutex_;
  mutable std::unordered_map<void*, size_t> used_;
  mutable std::list<Block> kept_;
  mutable size_t used_bytes_ = 0, kept_bytes_ = 0, most_used_ = 0;
};

LargeBlocks* large_blocks;  // lives as long as the process: tensors may outlast static objects

void LargeBlocks::release(void* start) {
  if (!large_blocks->give_back(start)) large_blocks->others_->raw_deleter()(start);
}

__attribute__((constructor)) void keep_freed_memory() {
  mallopt(M_MMAP_THRESHOLD, kLargestHeapBlock);
  mallopt(M_TRIM_THRESHOLD, kKept);
  large_blocks = new LargeBlocks(c10::GetDefaultCPUAllocator());
  c10::SetCPUAllocator(large_blocks);
}

}  // namespace
#endif
