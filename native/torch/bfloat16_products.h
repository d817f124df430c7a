// Products of bfloat16 matrices without the overhead of libtorch's.
#pragma once

#include <ATen/ATen.h>

namespace e3t {

// to = a b, or added to what is there. False, and nothing is done, where this is not for: other types, devices and shapes than plain matrices of bfloat16 on the
// CPU, operands whose graph is recorded, builds and CPUs without oneDNN's kernels for it. The result is float32, or bfloat16, rounded once from float32.
bool write_bfloat16_product(const at::Tensor& a, const at::Tensor& b, bool add, at::Tensor& to);

// a b in a new tensor, or undefined where this is not for.
at::Tensor bfloat16_product(const at::Tensor& a, const at::Tensor& b);

}  // namespace e3t
