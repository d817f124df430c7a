// Elementwise operations, matrix products, comparisons and random fills. The macros cover the families of one signature.
#include "bfloat16_products.h"
#include "guard.h"

using namespace e3t;

#define E3T_UNARY(name)                                                       \
  E3T_API int32_t e3t_tensor_##name(e3t_tensor self, e3t_tensor* result) {    \
    return guard_tensor(result, [&] { return at::name(ref(self)); });         \
  }
E3T_UNARY(abs)
E3T_UNARY(neg)
E3T_UNARY(exp)
E3T_UNARY(exp2)
E3T_UNARY(expm1)
E3T_UNARY(log)
E3T_UNARY(log1p)
E3T_UNARY(log2)
E3T_UNARY(log10)
E3T_UNARY(sqrt)
E3T_UNARY(rsqrt)
E3T_UNARY(square)
E3T_UNARY(reciprocal)
E3T_UNARY(sin)
E3T_UNARY(cos)
E3T_UNARY(tan)
E3T_UNARY(tanh)
E3T_UNARY(sigmoid)
E3T_UNARY(silu)
E3T_UNARY(relu)
E3T_UNARY(erf)
E3T_UNARY(erfc)
E3T_UNARY(erfinv)
E3T_UNARY(sign)
E3T_UNARY(floor)
E3T_UNARY(ceil)
E3T_UNARY(trunc)
E3T_UNARY(frac)
E3T_UNARY(logical_not)
E3T_UNARY(bitwise_not)
E3T_UNARY(isnan)
E3T_UNARY(isinf)
E3T_UNARY(isfinite)
E3T_UNARY(nonzero)
E3T_UNARY(t)
E3T_UNARY(detach)
E3T_UNARY(alias)
E3T_UNARY(all)
E3T_UNARY(any)
E3T_UNARY(max)
E3T_UNARY(min)
E3T_UNARY(median)
E3T_UNARY(trace)
#undef E3T_UNARY

#define E3T_UNARY_INPLACE(name)                            \
  E3T_API int32_t e3t_tensor_##name(e3t_tensor self) {     \
    return guard([&] { ref(self).name(); });               \
  }
E3T_UNARY_INPLACE(abs_)
E3T_UNARY_INPLACE(neg_)
E3T_UNARY_INPLACE(exp_)
E3T_UNARY_INPLACE(log_)
E3T_UNARY_INPLACE(sqrt_)
E3T_UNARY_INPLACE(rsqrt_)
E3T_UNARY_INPLACE(reciprocal_)
E3T_UNARY_INPLACE(sin_)
E3T_UNARY_INPLACE(cos_)
E3T_UNARY_INPLACE(tanh_)
E3T_UNARY_INPLACE(sigmoid_)
E3T_UNARY_INPLACE(relu_)
E3T_UNARY_INPLACE(floor_)
E3T_UNARY_INPLACE(ceil_)
E3T_UNARY_INPLACE(zero_)
E3T_UNARY_INPLACE(detach_)
#undef E3T_UNARY_INPLACE

#define E3T_BINARY(name)                                                                        \
  E3T_API int32_t e3t_tensor_##name(e3t_tensor self, e3t_tensor other, e3t_tensor* result) {    \
    return guard_tensor(result, [&] { return at::name(ref(self), ref(other)); });               \
  }
E3T_BINARY(sub)
E3T_BINARY(mul)
E3T_BINARY(maximum)
E3T_BINARY(minimum)
E3T_BINARY(matmul)
E3T_BINARY(bmm)
E3T_BINARY(mv)
E3T_BINARY(dot)
E3T_BINARY(outer)
E3T_BINARY(eq)
E3T_BINARY(ne)
E3T_BINARY(lt)
E3T_BINARY(le)
E3T_BINARY(gt)
E3T_BINARY(ge)
E3T_BINARY(logical_and)
E3T_BINARY(logical_or)
E3T_BINARY(logical_xor)
E3T_BINARY(bitwise_and)
E3T_BINARY(bitwise_or)
E3T_BINARY(bitwise_xor)
E3T_BINARY(remainder)
E3T_BINARY(fmod)
E3T_BINARY(floor_divide)
E3T_BINARY(pow)
E3T_BINARY(atan2)
E3T_BINARY(logaddexp)
E3T_BINARY(xlogy)
#undef E3T_BINARY

E3T_API int32_t e3t_tensor_mm(e3t_tensor self, e3t_tensor other, e3t_tensor* result) {
  return guard_tensor(result, [&] {
    at::Tensor product = bfloat16_product(ref(self), ref(other));
    return product.defined() ? product : at::mm(ref(self), ref(other));
  });
}

#define E3T_BINARY_SCALAR(name)                                                                         \
  E3T_API int32_t e3t_tensor_##name##_scalar(e3t_tensor self, e3t_scalar other, e3t_tensor* result) {   \
    return guard_tensor(result, [&] { return at::name(ref(self), scalar(other)); });                    \
  }
E3T_BINARY_SCALAR(sub)
E3T_BINARY_SCALAR(rsub)
E3T_BINARY_SCALAR(mul)
E3T_BINARY_SCALAR(eq)
E3T_BINARY_SCALAR(ne)
E3T_BINARY_SCALAR(lt)
E3T_BINARY_SCALAR(le)
E3T_BINARY_SCALAR(gt)
E3T_BINARY_SCALAR(ge)
E3T_BINARY_SCALAR(remainder)
E3T_BINARY_SCALAR(fmod)
E3T_BINARY_SCALAR(floor_divide)
E3T_BINARY_SCALAR(pow)
#undef E3T_BINARY_SCALAR

#define E3T_BINARY_INPLACE(name)                                                     \
  E3T_API int32_t e3t_tensor_##name##_(e3t_tensor self, e3t_tensor other) {          \
    return guard([&] { ref(self).name##_(ref(other)); });                            \
  }                                                                                  \
  E3T_API int32_t e3t_tensor_##name##_scalar_(e3t_tensor self, e3t_scalar other) {   \
    return guard([&] { ref(self).name##_(scalar(other)); });                         \
  }
E3T_BINARY_INPLACE(sub)
E3T_BINARY_INPLACE(mul)
#undef E3T_BINARY_INPLACE

E3T_API int32_t e3t_tensor_add(e3t_tensor self, e3t_tensor other, e3t_scalar alpha, e3t_tensor* result) {
  return guard_tensor(result, [&] { return at::add(ref(self), ref(other), scalar(alpha)); });
}
E3T_API int32_t e3t_tensor_add_scalar(e3t_tensor self, e3t_scalar other, e3t_scalar alpha, e3t_tensor* result) {
  return guard_tensor(result, [&] { return at::add(ref(self), scalar(other), scalar(alpha)); });
}
E3T_API int32_t e3t_tensor_add_(e3t_tensor self, e3t_tensor other, e3t_scalar alpha) {
  return guard([&] { ref(self).add_(ref(other), scalar(alpha)); });
}
E3T_API int32_t e3t_tensor_add_scalar_(e3t_tensor self, e3t_scalar other, e3t_scalar alpha) {
  return guard([&] { ref(self).add_(scalar(other), scalar(alpha)); });
}

namespace {
optional<c10::string_view> rounding_mode(int32_t rounding) {
  switch (rounding) {
    case 1:
      return c10::string_view("trunc");
    case 2:
      return c10::string_view("floor");
    default:
      return {};
  }
}
}  // namespace

E3T_API int32_t e3t_tensor_div(e3t_tensor self, e3t_tensor other, int32_t rounding, e3t_tensor* result) {
  return guard_tensor(result, [&] { return at::div(ref(self), ref(other), rounding_mode(rounding)); });
}
E3T_API int32_t e3t_tensor_div_scalar(e3t_tensor self, e3t_scalar other, int32_t rounding, e3t_tensor* result) {
  return guard_tensor(result, [&] { return at::div(ref(self), scalar(other), rounding_mode(rounding)); });
}
E3T_API int32_t e3t_tensor_div_(e3t_tensor self, e3t_tensor other, int32_t rounding) {
  return guard([&] { ref(self).div_(ref(other), rounding_mode(rounding)); });
}
E3T_API int32_t e3t_tensor_div_scalar_(e3t_tensor self, e3t_scalar other, int32_t rounding) {
  return guard([&] { ref(self).div_(scalar(other), rounding_mode(rounding)); });
}
E3T_API int32_t e3t_tensor_round(e3t_tensor self, int64_t decimals, e3t_tensor* result) {
  return guard_tensor(result, [&] { return decimals == 0 ? at::round(ref(self)) : at::round(ref(self), decimals); });
}
E3T_API int32_t e3t_tensor_round_(e3t_tensor self, int64_t decimals) {
  return guard([&] { decimals == 0 ? ref(self).round_() : ref(self).round_(decimals); });
}
E3T_API int32_t e3t_tensor_pow_(e3t_tensor self, e3t_scalar exponent) {
  return guard([&] { ref(self).pow_(scalar(exponent)); });
}
E3T_API int32_t e3t_tensor_clamp(e3t_tensor self, e3t_scalar min, e3t_scalar max, e3t_tensor* result) {
  return guard_tensor(result, [&] { return at::clamp(ref(self), optional_scalar(min), optional_scalar(max)); });
}
E3T_API int32_t e3t_tensor_clamp_(e3t_tensor self, e3t_scalar min, e3t_scalar max) {
  return guard([&] { ref(self).clamp_(optional_scalar(min), optional_scalar(max)); });
}
E3T_API int32_t e3t_tensor_clamp_tensor(e3t_tensor self, e3t_tensor min, e3t_tensor max, e3t_tensor* result) {
  return guard_tensor(result, [&] { return at::clamp(ref(self), optional_tensor(min), optional_tensor(max)); });
}
E3T_API int32_t e3t_tensor_clamp_tensor_(e3t_tensor self, e3t_tensor min, e3t_tensor max) {
  return guard([&] { ref(self).clamp_(optional_tensor(min), optional_tensor(max)); });
}

#define E3T_TERNARY_VALUE(name)                                                                                      \
  E3T_API int32_t e3t_tensor_##name(                                                                                 \
      e3t_tensor self, e3t_tensor tensor1, e3t_tensor tensor2, e3t_scalar value, e3t_tensor* result) {               \
    return guard_tensor(result, [&] { return at::name(ref(self), ref(tensor1), ref(tensor2), scalar(value)); });     \
  }                                                                                                                  \
  E3T_API int32_t e3t_tensor_##name##_(e3t_tensor self, e3t_tensor tensor1, e3t_tensor tensor2, e3t_scalar value) {  \
    return guard([&] { ref(self).name##_(ref(tensor1), ref(tensor2), scalar(value)); });                             \
  }
E3T_TERNARY_VALUE(addcmul)
E3T_TERNARY_VALUE(addcdiv)
#undef E3T_TERNARY_VALUE

E3T_API int32_t e3t_tensor_lerp(e3t_tensor self, e3t_tensor end, e3t_tensor weight, e3t_tensor* result) {
  return guard_tensor(result, [&] { return at::lerp(ref(self), ref(end), ref(weight)); });
}
E3T_API int32_t e3t_tensor_lerp_(e3t_tensor self, e3t_tensor end, e3t_tensor weight) {
  return guard([&] { ref(self).lerp_(ref(end), ref(weight)); });
}
E3T_API int32_t e3t_tensor_addmm(
    e3t_tensor self, e3t_tensor mat1, e3t_tensor mat2, double beta, double alpha, e3t_tensor* result) {
  return guard_tensor(result, [&] { return at::addmm(ref(self), ref(mat1), ref(mat2), beta, alpha); });
}
E3T_API int32_t e3t_tensor_addmm_(e3t_tensor self, e3t_tensor mat1, e3t_tensor mat2, double beta, double alpha) {
  return guard([&] {
    const bool is_plain = alpha == 1 && (beta == 0 || beta == 1);
    if (is_plain && write_bfloat16_product(ref(mat1), ref(mat2), beta == 1, ref(self))) return;
    ref(self).addmm_(ref(mat1), ref(mat2), beta, alpha);
  });
}
E3T_API int32_t e3t_tensor_baddbmm(
    e3t_tensor self, e3t_tensor batch1, e3t_tensor batch2, double beta, double alpha, e3t_tensor* result) {
  return guard_tensor(result, [&] { return at::baddbmm(ref(self), ref(batch1), ref(batch2), beta, alpha); });
}
E3T_API int32_t e3t_tensor_where(e3t_tensor condition, e3t_tensor self, e3t_tensor other, e3t_tensor* result) {
  return guard_tensor(result, [&] { return at::where(ref(condition), ref(self), ref(other)); });
}
E3T_API int32_t e3t_tensor_fill_(e3t_tensor self, e3t_scalar value) {
  return guard([&] { ref(self).fill_(scalar(value)); });
}
E3T_API int32_t e3t_tensor_masked_fill(e3t_tensor self, e3t_tensor mask, e3t_scalar value, e3t_tensor* result) {
  return guard_tensor(result, [&] { return at::masked_fill(ref(self), ref(mask), scalar(value)); });
}
E3T_API int32_t e3t_tensor_masked_fill_(e3t_tensor self, e3t_tensor mask, e3t_scalar value) {
  return guard([&] { ref(self).masked_fill_(ref(mask), scalar(value)); });
}
E3T_API int32_t e3t_tensor_nan_to_num(e3t_tensor self, double nan, e3t_scalar posinf, e3t_scalar neginf, e3t_tensor* result) {
  return guard_tensor(
      result, [&] { return at::nan_to_num(ref(self), nan, optional_double(posinf), optional_double(neginf)); });
}
E3T_API int32_t e3t_tensor_nan_to_num_(e3t_tensor self, double nan, e3t_scalar posinf, e3t_scalar neginf) {
  return guard([&] { at::nan_to_num_(ref(self), nan, optional_double(posinf), optional_double(neginf)); });
}
E3T_API int32_t e3t_tensor_softplus(e3t_tensor self, double beta, double threshold, e3t_tensor* result) {
  return guard_tensor(result, [&] { return at::softplus(ref(self), beta, threshold); });
}
E3T_API int32_t e3t_tensor_gelu(e3t_tensor self, int32_t tanh, e3t_tensor* result) {
  return guard_tensor(result, [&] { return at::gelu(ref(self), tanh != 0 ? "tanh" : "none"); });
}
E3T_API int32_t e3t_tensor_allclose(
    e3t_tensor self, e3t_tensor other, double rtol, double atol, int32_t equal_nan, int32_t* result) {
  return guard_value(result, [&] { return at::allclose(ref(self), ref(other), rtol, atol, equal_nan != 0); });
}
E3T_API int32_t e3t_tensor_isclose(
    e3t_tensor self, e3t_tensor other, double rtol, double atol, int32_t equal_nan, e3t_tensor* result) {
  return guard_tensor(result, [&] { return at::isclose(ref(self), ref(other), rtol, atol, equal_nan != 0); });
}
E3T_API int32_t e3t_tensor_equal(e3t_tensor self, e3t_tensor other, int32_t* result) {
  return guard_value(result, [&] { return at::equal(ref(self), ref(other)); });
}

E3T_API int32_t e3t_tensor_normal_(e3t_tensor self, double mean, double std, e3t_generator random) {
  return guard([&] { ref(self).normal_(mean, std, generator(random)); });
}
E3T_API int32_t e3t_tensor_uniform_(e3t_tensor self, double from, double to, e3t_generator random) {
  return guard([&] { ref(self).uniform_(from, to, generator(random)); });
}
E3T_API int32_t e3t_tensor_random_(e3t_tensor self, int64_t from, int64_t to, e3t_generator random) {
  return guard([&] { ref(self).random_(from, to, generator(random)); });
}
E3T_API int32_t e3t_tensor_bernoulli_(e3t_tensor self, double p, e3t_generator random) {
  return guard([&] { ref(self).bernoulli_(p, generator(random)); });
}
E3T_API int32_t e3t_tensor_exponential_(e3t_tensor self, double lambda, e3t_generator random) {
  return guard([&] { ref(self).exponential_(lambda, generator(random)); });
}
E3T_API int32_t e3t_tensor_bernoulli(e3t_tensor self, e3t_generator random, e3t_tensor* result) {
  return guard_tensor(result, [&] { return at::bernoulli(ref(self), generator(random)); });
}
E3T_API int32_t e3t_tensor_multinomial(
    e3t_tensor self, int64_t num_samples, int32_t replacement, e3t_generator random, e3t_tensor* result) {
  return guard_tensor(
      result, [&] { return at::multinomial(ref(self), num_samples, replacement != 0, generator(random)); });
}
