// torch.nn.functional.
#include <torch/version.h>

#include <cmath>

#include "bfloat16_products.h"
#include "guard.h"

using namespace e3t;

E3T_API int32_t e3t_nn_linear(e3t_tensor input, e3t_tensor weight, e3t_tensor bias, e3t_tensor* result) {
  return guard_tensor(result, [&] {
    const at::Tensor &x = ref(input), &factor = ref(weight);
    if (bias == nullptr && x.scalar_type() == at::kBFloat16 && x.dim() > 0 && factor.dim() == 2 && x.is_contiguous()) {
      at::Tensor product = bfloat16_product(x.view({-1, x.size(-1)}), factor.t());
      auto shape = x.sizes().vec();
      shape.back() = factor.size(0);
      if (product.defined()) return product.view(shape);
    }
    return at::linear(x, factor, optional_tensor(bias));
  });
}
E3T_API int32_t e3t_nn_rows_product_(
    e3t_tensor to, e3t_tensor from, e3t_tensor weight, int32_t transposed, int64_t start, int64_t count, int32_t add) {
  return guard([&] {
    at::NoGradGuard no_grad;
    at::AutoDispatchBelowADInplaceOrView below_autograd;
    auto rows = ref(to).narrow(0, start, count);
    const auto read = ref(from).narrow(0, start, count);
    const auto factor = transposed != 0 ? ref(weight).t() : ref(weight);
    if (!write_bfloat16_product(read, factor, add != 0, rows)) rows.addmm_(read, factor, add != 0 ? 1 : 0);
  });
}
E3T_API int32_t e3t_nn_embedding(
    e3t_tensor weight, e3t_tensor indices, int64_t padding_idx, int32_t scale_grad_by_freq, int32_t sparse, e3t_tensor* result) {
  return guard_tensor(result,
      [&] { return at::embedding(ref(weight), ref(indices), padding_idx, scale_grad_by_freq != 0, sparse != 0); });
}
E3T_API int32_t e3t_nn_embedding_renorm_(e3t_tensor weight, e3t_tensor indices, double max_norm, double norm_type) {
  return guard([&] { at::embedding_renorm_(ref(weight), ref(indices), max_norm, norm_type); });
}
E3T_API int32_t e3t_nn_cross_entropy(e3t_tensor input, e3t_tensor target, e3t_tensor weight, int64_t reduction,
    int64_t ignore_index, double label_smoothing, e3t_tensor* result) {
  return guard_tensor(result, [&] {
    return at::cross_entropy_loss(
        ref(input), ref(target), optional_tensor(weight), reduction, ignore_index, label_smoothing);
  });
}
E3T_API int32_t e3t_nn_nll_loss(e3t_tensor input, e3t_tensor target, e3t_tensor weight, int64_t reduction,
    int64_t ignore_index, e3t_tensor* result) {
  return guard_tensor(result, [&] {
    return at::nll_loss_nd(ref(input), ref(target), optional_tensor(weight), reduction, ignore_index);
  });
}
E3T_API int32_t e3t_nn_kl_div(
    e3t_tensor input, e3t_tensor target, int64_t reduction, int32_t log_target, e3t_tensor* result) {
  return guard_tensor(result, [&] { return at::kl_div(ref(input), ref(target), reduction, log_target != 0); });
}
E3T_API int32_t e3t_nn_mse_loss(e3t_tensor input, e3t_tensor target, int64_t reduction, e3t_tensor* result) {
  return guard_tensor(result, [&] { return at::mse_loss(ref(input), ref(target), reduction); });
}
E3T_API int32_t e3t_nn_one_hot(e3t_tensor self, int64_t num_classes, e3t_tensor* result) {
  return guard_tensor(result, [&] { return at::one_hot(ref(self), num_classes); });
}
E3T_API int32_t e3t_nn_dropout(e3t_tensor input, double p, int32_t training, e3t_tensor* result) {
  return guard_tensor(result, [&] { return at::dropout(ref(input), p, training != 0); });
}
E3T_API int32_t e3t_nn_layer_norm(e3t_tensor input, const int64_t* normalized_shape, int32_t normalized_shape_count,
    e3t_tensor weight, e3t_tensor bias, double eps, e3t_tensor* result) {
  return guard_tensor(result, [&] {
    return at::layer_norm(ref(input), dims(normalized_shape, normalized_shape_count), optional_tensor(weight),
        optional_tensor(bias), eps);
  });
}

namespace {
#if TORCH_VERSION_MAJOR < 2
// What at::scaled_dot_product_attention computes, for libtorch versions that do not offer it:
// softmax(Q K^T / sqrt(E) + mask) V over the last two dimensions.
at::Tensor composed_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
    const optional<at::Tensor>& mask, double dropout, bool causal) {
  TORCH_CHECK(!(causal && mask.has_value()), "scaled_dot_product_attention: give a mask or is_causal, not both");
  auto scores = at::matmul(query * (1.0 / std::sqrt(static_cast<double>(query.size(-1)))), key.transpose(-2, -1));
  if (causal) {
    const auto allowed =
        at::ones({query.size(-2), key.size(-2)}, query.options().dtype(at::kBool).requires_grad(false)).tril();
    scores = scores.masked_fill(allowed.logical_not(), -std::numeric_limits<double>::infinity());
  } else if (mask.has_value()) {
    scores = mask->scalar_type() == at::kBool
        ? scores.masked_fill(mask->logical_not(), -std::numeric_limits<double>::infinity())
        : scores + *mask;
  }
  auto weights = at::softmax(scores, -1);
  if (dropout > 0) weights = at::dropout(weights, dropout, /*train=*/true);
  return at::matmul(weights, value);
}
#else
at::Tensor composed_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
    const optional<at::Tensor>& mask, double dropout, bool causal) {
  return at::scaled_dot_product_attention(query, key, value, mask, dropout, causal);
}
#endif
}  // namespace

E3T_API int32_t e3t_nn_scaled_dot_product_attention(e3t_tensor query, e3t_tensor key, e3t_tensor value, e3t_tensor mask,
    double dropout, int32_t causal, e3t_tensor* result) {
  return guard_tensor(result, [&] {
    return composed_attention(ref(query), ref(key), ref(value), optional_tensor(mask), dropout, causal != 0);
  });
}
