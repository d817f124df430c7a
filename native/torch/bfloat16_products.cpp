// libtorch makes a oneDNN primitive for every product of bfloat16 matrices anew, which takes some ten microseconds and a dozen allocations: more than
// the product itself for an adapter or a light expert. Here it is made once for a shape and kept.
#include "bfloat16_products.h"

#if E3T_HAS_ONEDNN
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <array>
#include <memory>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>
#include <vector>
#endif

namespace e3t {

#if E3T_HAS_ONEDNN

namespace {

using dnnl::memory;

constexpr size_t kMostKept = 4096;  // shapes; some kilobytes each
constexpr int64_t kRows = 0, kColumns = 1;

// Rows, terms and columns, strides of both factors and of the result, whether it is added to, whether it is float32, and the number of
// threads, among which oneDNN divides a primitive's work when it makes it.
using Key = std::array<int64_t, 12>;

struct KeyHash {
  size_t operator()(const Key& key) const {
    size_t hash = 0;
    for (int64_t part : key) hash = hash * 0x9E3779B97F4A7C15ull + static_cast<size_t>(part) + (hash >> 29);
    return hash;
  }
};

struct Product {
  memory::desc a, b, to, scratch;
  dnnl::matmul primitive;
};

const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

memory::desc desc_of(int64_t rows, int64_t columns, int64_t row_stride, int64_t column_stride, memory::data_type type = memory::data_type::bf16) {
  return memory::desc({rows, columns}, type, memory::dims{row_stride, column_stride});
}

std::shared_ptr<const Product> make(const Key& key) {
  auto result = std::make_shared<Product>();
  result->a = desc_of(key[0], key[1], key[3], key[4]);
  result->b = desc_of(key[1], key[2], key[5], key[6]);
  result->to = desc_of(key[0], key[2], key[7], key[8], key[10] != 0 ? memory::data_type::f32 : memory::data_type::bf16);
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (key[9] != 0) {
    dnnl::post_ops after;
    after.append_sum(1.0f);
    attributes.set_post_ops(after);
  }
  dnnl::matmul::primitive_desc made(dnnl::matmul::desc(result->a, result->b, result->to), attributes, engine());
  result->scratch = made.scratchpad_desc();
  result->primitive = dnnl::matmul(made);
  return result;
}

std::shared_ptr<const Product> product_of(const Key& key) {
  static std::mutex lock;
  static auto& kept = *new std::unordered_map<Key, std::shared_ptr<const Product>, KeyHash>();  // never freed: threads may outlive static objects
  {
    std::lock_guard<std::mutex> held(lock);
    auto found = kept.find(key);
    if (found != kept.end()) return found->second;
  }
  auto made = make(key);  // compiles: others need not wait
  std::lock_guard<std::mutex> held(lock);
  if (kept.size() >= kMostKept) kept.clear();
  return kept.emplace(key, std::move(made)).first->second;
}

// A CPU that libtorch, too, would let oneDNN multiply bfloat16 on.
bool is_supported_cpu() {
  static const bool supported = [] {
    const auto wanted = static_cast<unsigned>(dnnl::cpu_isa::avx512_core);
    return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & wanted) == wanted;
  }();
  return supported;
}

bool is_plain(const at::Tensor& matrix, at::ScalarType type = at::kBFloat16) {
  if (!matrix.defined() || matrix.dim() != 2 || matrix.scalar_type() != type || !matrix.device().is_cpu() || matrix.layout() != at::kStrided) return false;
  const auto sizes = matrix.sizes(), strides = matrix.strides();
  if (sizes[kRows] == 0 || sizes[kColumns] == 0 || matrix.is_conj() || matrix.is_neg()) return false;
  const bool by_rows = strides[kColumns] == 1 && strides[kRows] >= sizes[kColumns], by_columns = strides[kRows] == 1 && strides[kColumns] >= sizes[kRows];
  return by_rows || by_columns;
}

bool is_recorded(const at::Tensor& tensor) { return c10::GradMode::is_enabled() && tensor.requires_grad(); }

bool is_for_this(const at::Tensor& a, const at::Tensor& b) {
  return is_plain(a) && is_plain(b) && a.size(kColumns) == b.size(kRows) && !is_recorded(a) && !is_recorded(b) && is_supported_cpu();
}

// Memory between the parts of a product, one for each thread that multiplies.
void* scratch_of(size_t bytes) {
  thread_local at::Tensor scratch;
  if (!scratch.defined() || static_cast<size_t>(scratch.numel()) < bytes) scratch = at::detail::empty_cpu({static_cast<int64_t>(bytes)}, at::kByte);
  return scratch.data_ptr();
}

void run(const at::Tensor& a, const at::Tensor& b, bool add, at::Tensor& to) {
  const Key key{a.size(kRows), a.size(kColumns), b.size(kColumns), a.stride(kRows), a.stride(kColumns), b.stride(kRows), b.stride(kColumns),
      to.stride(kRows), to.stride(kColumns), add ? 1 : 0, to.scalar_type() == at::kFloat ? 1 : 0, at::get_num_threads()};
  const auto product = product_of(key);
  thread_local dnnl::stream stream(engine());
  product->primitive.execute(stream, {
      {DNNL_ARG_SRC, memory(product->a, engine(), a.data_ptr())},
      {DNNL_ARG_WEIGHTS, memory(product->b, engine(), b.data_ptr())},
      {DNNL_ARG_DST, memory(product->to, engine(), to.data_ptr())},
      {DNNL_ARG_SCRATCHPAD, memory(product->scratch, engine(), scratch_of(product->scratch.get_size()))},
  });
  stream.wait();
}

}  // namespace

bool write_bfloat16_product(const at::Tensor& a, const at::Tensor& b, bool add, at::Tensor& to) {
  const bool is_written_to = is_plain(to) || is_plain(to, at::kFloat);
  if (!is_for_this(a, b) || !is_written_to || to.size(kRows) != a.size(kRows) || to.size(kColumns) != b.size(kColumns) || is_recorded(to)) return false;
  run(a, b, add, to);
  return true;
}

at::Tensor bfloat16_product(const at::Tensor& a, const at::Tensor& b) {
  if (!is_for_this(a, b)) return at::Tensor();
  at::Tensor result = at::detail::empty_cpu({a.size(kRows), b.size(kColumns)}, at::kBFloat16);
  run(a, b, false, result);
  return result;
}

#else

bool write_bfloat16_product(const at::Tensor&, const at::Tensor&, bool, at::Tensor&) { return false; }

at::Tensor bfloat16_product(const at::Tensor&, const at::Tensor&) { return at::Tensor(); }

#endif

}  // namespace e3t
