// Gradients summed in memory of the host's, in float32 also where a parameter is bfloat16: libtorch's own way makes a float32 copy of every bfloat16 gradient
// first, adds where storing would do, and needs zeros to begin with.
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/variable.h>

#include <memory>

#include "bfloat16_products.h"
#include "guard.h"

using namespace e3t;

// Widening is one shift; what may use wide registers is decided when the library is loaded.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define E3T_FOR_EACH_CPU __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define E3T_FOR_EACH_CPU
#endif

namespace {

E3T_FOR_EACH_CPU void widen(const uint16_t* from, float* to, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const uint32_t bits = static_cast<uint32_t>(from[i]) << 16;
    float value;
    std::memcpy(&value, &bits, sizeof value);
    to[i] = value;
  }
}

E3T_FOR_EACH_CPU void add_widened(const uint16_t* from, float* to, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const uint32_t bits = static_cast<uint32_t>(from[i]) << 16;
    float value;
    std::memcpy(&value, &bits, sizeof value);
    to[i] += value;
  }
}

constexpr int64_t kGrain = 1 << 16;

bool is_plain(const at::Tensor& tensor, at::ScalarType type) {
  return tensor.scalar_type() == type && tensor.device().is_cpu() && tensor.layout() == at::kStrided && tensor.is_contiguous() && !tensor.is_neg();
}

// The end of a parameter's graph, in place of libtorch's AccumulateGrad.
struct GradientSum : torch::autograd::Node {
  // As early as possible in a backward pass, like AccumulateGrad, so that gradients are freed early.
  GradientSum(const at::Tensor& parameter, at::Tensor sum) : Node(/*sequence_nr=*/UINT64_MAX), sum(std::move(sum)) { add_input_metadata(parameter); }

  torch::autograd::variable_list apply(torch::autograd::variable_list&& gradients) override {
    if (gradients.at(0).defined()) add(gradients[0]);
    return {};
  }

  void add(const at::Tensor& gradient) {
    at::NoGradGuard no_grad;
    if (gradient.sizes() != sum.sizes())
      throw std::invalid_argument("a gradient of another shape than its sum");
    if (is_plain(gradient, at::kBFloat16) && is_plain(sum, at::kFloat)) {
      const auto* from = static_cast<const uint16_t*>(gradient.data_ptr());
      auto* to = sum.data_ptr<float>();
      const auto each = is_empty ? widen : add_widened;
      at::parallel_for(0, sum.numel(), kGrain, [&](int64_t first, int64_t end) { each(from + first, to + first, end - first); });
    } else if (is_empty) {
      sum.copy_(gradient);
    } else {
      sum.add_(gradient);
    }
    is_empty = false;
  }

  void add_product(const at::Tensor& left, const at::Tensor& right) {
    at::NoGradGuard no_grad;
    if (write_bfloat16_product(left, right, !is_empty, sum)) {
    } else if (left.scalar_type() == sum.scalar_type()) {
      sum.addmm_(left, right, is_empty ? 0 : 1);
    } else {
      add(at::mm(left, right));
    }
    is_empty = false;
  }

  void complete() {
    if (!is_empty) return;
    at::NoGradGuard no_grad;
    sum.zero_();
    is_empty = false;
  }

  at::Tensor sum;
  bool is_empty = true;
};

// The host's hold on a sum; graphs that end there have theirs.
struct Handle {
  Handle(const at::Tensor& leaf, const at::Tensor& memory)
      : sum(std::make_shared<GradientSum>(leaf, memory.detach())), parameter(leaf.getIntrusivePtr()) {
    torch::autograd::impl::set_grad_accumulator(leaf, sum);
  }

  // New graphs end at the parameter's grad again, unless another sum took over.
  ~Handle() {
    auto alive = parameter.lock();
    if (!alive) return;
    const at::Tensor leaf(std::move(alive));
    if (torch::autograd::impl::try_get_grad_accumulator(leaf) == sum) torch::autograd::impl::set_grad_accumulator(leaf, {});
  }

  const std::shared_ptr<GradientSum> sum;
  const c10::weak_intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl> parameter;
};

GradientSum& sum_ref(void* handle) { return *static_cast<Handle*>(require(handle, "the sum"))->sum; }

}  // namespace

E3T_API int32_t e3t_gradient_sum_new(e3t_tensor parameter, e3t_tensor sum, void** result) {
  if (result != nullptr) *result = nullptr;
  return guard([&] {
    require(result, "the result pointer");
    at::Tensor& leaf = ref(parameter);
    if (!leaf.is_leaf() || !leaf.requires_grad()) throw std::invalid_argument("only a leaf that requires a gradient has one to sum");
    if (leaf.sizes() != ref(sum).sizes() || leaf.device() != ref(sum).device()) throw std::invalid_argument("a sum of another shape, or on another device, than its parameter");
    *result = new Handle(leaf, ref(sum));
  });
}
E3T_API int32_t e3t_gradient_sum_free(void* handle) {
  return guard([&] { delete static_cast<Handle*>(handle); });
}
E3T_API int32_t e3t_gradient_sum_add(void* handle, e3t_tensor gradient) {
  return guard([&] { sum_ref(handle).add(ref(gradient)); });
}
E3T_API int32_t e3t_gradient_sum_add_product(void* handle, e3t_tensor left, e3t_tensor right) {
  return guard([&] { sum_ref(handle).add_product(ref(left), ref(right)); });
}
E3T_API int32_t e3t_gradient_sum_clear(void* handle) {
  return guard([&] { sum_ref(handle).is_empty = true; });
}
E3T_API int32_t e3t_gradient_sum_complete(void* handle) {
  return guard([&] { sum_ref(handle).complete(); });
}
