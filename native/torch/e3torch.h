// The whole C ABI of libe3torch: libtorch's tensors, autograd and functional operations for the C# binding in src/Torch.
//
// Conventions
// - Every function returns a status: E3T_OK, or an error whose message e3t_last_error gives (per thread). No C++ exception
//   leaves the library.
// - Results leave through the last pointers. They are set to null (or zero) before anything else, and stay so on failure.
// - Ownership: every e3t_tensor, e3t_tensor_list and e3t_generator that comes back is a new handle that the caller frees
//   with e3t_tensor_free, e3t_list_free or e3t_generator_free. Arguments are borrowed for the call. Freeing null is allowed.
// - Names end in `_` when they change `self` in place, as in PyTorch; they return no tensor.
// - A null tensor is an error, except where a comment or the parameter (bias, weight, mask, weights, ...) says it may be absent.
// - Booleans are int32_t (0 or 1), dtypes and device types are libtorch's numbers, -1 means "not given". Texts are UTF-8.
#ifndef E3TORCH_H
#define E3TORCH_H

#include <stdint.h>

#ifdef __cplusplus
#define E3T_API extern "C" __attribute__((visibility("default")))
#else
#define E3T_API
#endif

enum {
  E3T_OK = 0,
  E3T_TORCH_ERROR = 1,     // libtorch refused: shapes, dtypes, devices, ...
  E3T_UNKNOWN = 2,         // another C++ exception
  E3T_NULL_ARGUMENT = 3,   // a handle that must not be null is
  E3T_HOST_EXCEPTION = 4,  // a callback failed: its exception is e3t_last_host_exception
};

typedef struct e3t_tensor_t* e3t_tensor;            // at::Tensor
typedef struct e3t_tensor_list_t* e3t_tensor_list;  // std::vector<at::Tensor>
typedef struct e3t_generator_t* e3t_generator;      // at::Generator

enum { E3T_SCALAR_NONE = 0, E3T_SCALAR_INT = 1, E3T_SCALAR_DOUBLE = 2, E3T_SCALAR_BOOL = 3 };

// A number: `bits` is an int64_t, the bits of a double, or 0/1.
typedef struct {
  int64_t kind;
  int64_t bits;
} e3t_scalar;

typedef struct {
  int32_t dtype;
  int32_t device_type;
  int32_t device_index;
  int32_t requires_grad;
} e3t_options;

enum {
  E3T_INDEX_NEWAXIS = 0,
  E3T_INDEX_SINGLE = 1,    // start
  E3T_INDEX_ELLIPSIS = 2,
  E3T_INDEX_BOOL = 3,      // start is 0 or 1
  E3T_INDEX_TENSOR = 4,    // tensor
  E3T_INDEX_SLICE = 5,     // start, stop, step; INT64_MIN where not given
};

typedef struct {
  int64_t kind;
  int64_t start;
  int64_t stop;
  int64_t step;
  e3t_tensor tensor;
} e3t_index;

// The message of the calling thread's last error; valid until its next failing call.
E3T_API const char* e3t_last_error(void);
// The host exception behind the calling thread's last E3T_HOST_EXCEPTION, or null. Borrowed: it is released by
// e3t_clear_host_exception, or by the next one on this thread.
E3T_API void* e3t_last_host_exception(void);
E3T_API void e3t_clear_host_exception(void);

// ---- Library and process ---------------------------------------------------------------------------------------
// Texts returned through `text` belong to the library and stay valid until the next call of one of these functions on the same thread.
E3T_API int32_t e3t_runtime_version(const char** text);
E3T_API int32_t e3t_runtime_show_config(const char** text);
E3T_API int32_t e3t_runtime_parallel_info(const char** text);
// What multiplies matrices in single precision on the CPU: "oneDNN", the kernels that OpenBLAS chose ("Cooperlake"), or "BLAS".
E3T_API int32_t e3t_runtime_sgemm(const char** text);
E3T_API int32_t e3t_runtime_set_num_threads(int32_t count);
E3T_API int32_t e3t_runtime_get_num_threads(int32_t* count);
// Calls work(state, 0) .. work(state, parts - 1), each once, on the threads that libtorch's own operations use; work must not throw. ran: false, and nothing
// was called, where this library was built without OpenMP.
E3T_API int32_t e3t_runtime_parallel(int32_t parts, void (*work)(void* state, int32_t part), void* state, int32_t* ran);
E3T_API int32_t e3t_runtime_manual_seed(int64_t seed);
E3T_API int32_t e3t_runtime_set_grad_enabled(int32_t enabled);
E3T_API int32_t e3t_runtime_is_grad_enabled(int32_t* enabled);
E3T_API int32_t e3t_runtime_is_inference_mode(int32_t* enabled);
// An inference-mode guard switches the calling thread; it is freed on the same thread, guards in reverse order.
E3T_API int32_t e3t_runtime_inference_guard_new(int32_t enabled, void** guard);
E3T_API int32_t e3t_runtime_inference_guard_free(void* guard);
E3T_API int32_t e3t_cuda_is_available(int32_t* available);
E3T_API int32_t e3t_cuda_device_count(int32_t* count);
E3T_API int32_t e3t_cuda_synchronize(int32_t device_index);

// ---- Random generators: owned by the caller, freed with e3t_generator_free ----------------------------------------
E3T_API int32_t e3t_generator_new(int64_t seed, int32_t device_type, int32_t device_index, e3t_generator* result);
E3T_API int32_t e3t_generator_default(e3t_generator* result);
E3T_API int32_t e3t_generator_free(void* generator);
E3T_API int32_t e3t_generator_manual_seed(e3t_generator generator, int64_t seed);
E3T_API int32_t e3t_generator_seed(e3t_generator generator, int64_t* seed);
E3T_API int32_t e3t_generator_initial_seed(e3t_generator generator, int64_t* seed);
E3T_API int32_t e3t_generator_get_state(e3t_generator generator, e3t_tensor* result);
E3T_API int32_t e3t_generator_set_state(e3t_generator generator, e3t_tensor state);

// ---- Tensor handles: lifetime and facts ----------------------------------------------------------------------------
E3T_API int32_t e3t_tensor_free(void* tensor);
E3T_API int32_t e3t_tensor_dim(e3t_tensor self, int32_t* result);
E3T_API int32_t e3t_tensor_numel(e3t_tensor self, int64_t* result);
// Fills `sizes`, which has room for sizes_count = dim values.
E3T_API int32_t e3t_tensor_sizes(e3t_tensor self, int64_t* sizes, int32_t sizes_count);
E3T_API int32_t e3t_tensor_size(e3t_tensor self, int64_t dim, int64_t* result);
E3T_API int32_t e3t_tensor_strides(e3t_tensor self, int64_t* strides, int32_t strides_count);
E3T_API int32_t e3t_tensor_storage_offset(e3t_tensor self, int64_t* result);
E3T_API int32_t e3t_tensor_element_size(e3t_tensor self, int64_t* result);
E3T_API int32_t e3t_tensor_dtype(e3t_tensor self, int32_t* result);
E3T_API int32_t e3t_tensor_device(e3t_tensor self, int32_t* device_type, int32_t* device_index);
E3T_API int32_t e3t_tensor_is_contiguous(e3t_tensor self, int32_t* result);
E3T_API int32_t e3t_tensor_is_sparse(e3t_tensor self, int32_t* result);
// Address of the first element; valid while a handle to the tensor lives and nothing reallocates it.
E3T_API int32_t e3t_tensor_data_ptr(e3t_tensor self, void** result);
E3T_API int32_t e3t_tensor_item(e3t_tensor self, e3t_scalar* result);
E3T_API int32_t e3t_tensor_to(e3t_tensor self, int32_t dtype, int32_t device_type, int32_t device_index, int32_t copy,
    int32_t non_blocking, e3t_tensor* result);
// A copy in page-locked host memory, from which a GPU copies without a detour. An error where libtorch is for the CPU only.
E3T_API int32_t e3t_tensor_pin_memory(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_copy_(e3t_tensor self, e3t_tensor source, int32_t non_blocking);
E3T_API int32_t e3t_tensor_text(e3t_tensor self, const char** text);

// ---- Making tensors ---------------------------------------------------------------------------------------------------
E3T_API int32_t e3t_torch_empty(const int64_t* size, int32_t size_count, e3t_options options, e3t_tensor* result);
E3T_API int32_t e3t_torch_zeros(const int64_t* size, int32_t size_count, e3t_options options, e3t_tensor* result);
E3T_API int32_t e3t_torch_ones(const int64_t* size, int32_t size_count, e3t_options options, e3t_tensor* result);
E3T_API int32_t e3t_torch_full(const int64_t* size, int32_t size_count, e3t_scalar value, e3t_options options,
    e3t_tensor* result);
E3T_API int32_t e3t_torch_rand(const int64_t* size, int32_t size_count, e3t_generator generator, e3t_options options,
    e3t_tensor* result);
E3T_API int32_t e3t_torch_randn(const int64_t* size, int32_t size_count, e3t_generator generator, e3t_options options,
    e3t_tensor* result);
E3T_API int32_t e3t_torch_randint(int64_t low, int64_t high, const int64_t* size, int32_t size_count,
    e3t_generator generator, e3t_options options, e3t_tensor* result);
E3T_API int32_t e3t_torch_randperm(int64_t n, e3t_generator generator, e3t_options options, e3t_tensor* result);
E3T_API int32_t e3t_torch_arange(e3t_scalar start, e3t_scalar end, e3t_scalar step, e3t_options options,
    e3t_tensor* result);
E3T_API int32_t e3t_torch_linspace(double start, double end, int64_t steps, e3t_options options, e3t_tensor* result);
E3T_API int32_t e3t_torch_eye(int64_t rows, int64_t columns, e3t_options options, e3t_tensor* result);
E3T_API int32_t e3t_torch_empty_like(e3t_tensor self, e3t_options options, e3t_tensor* result);
E3T_API int32_t e3t_torch_zeros_like(e3t_tensor self, e3t_options options, e3t_tensor* result);
E3T_API int32_t e3t_torch_ones_like(e3t_tensor self, e3t_options options, e3t_tensor* result);
E3T_API int32_t e3t_torch_full_like(e3t_tensor self, e3t_scalar value, e3t_options options, e3t_tensor* result);
E3T_API int32_t e3t_torch_rand_like(e3t_tensor self, e3t_options options, e3t_tensor* result);
E3T_API int32_t e3t_torch_randn_like(e3t_tensor self, e3t_options options, e3t_tensor* result);
// Copies `data`, elements of data_dtype in row-major order, into a new tensor of options' dtype and device.
E3T_API int32_t e3t_torch_from_data(const void* data, int32_t data_dtype, const int64_t* size, int32_t size_count,
    e3t_options options, e3t_tensor* result);
// Wraps `data` without copying; release(owner) runs once, on whatever thread drops the last reference to the storage.
E3T_API int32_t e3t_torch_from_blob(void* data, const int64_t* size, int32_t size_count, int32_t requires_grad,
    int32_t dtype, void* owner, void* release, e3t_tensor* result);

// ---- Elementwise operations ------------------------------------------------------------------------------------------
E3T_API int32_t e3t_tensor_add(e3t_tensor self, e3t_tensor other, e3t_scalar alpha, e3t_tensor* result);
E3T_API int32_t e3t_tensor_add_scalar(e3t_tensor self, e3t_scalar other, e3t_scalar alpha, e3t_tensor* result);
E3T_API int32_t e3t_tensor_add_(e3t_tensor self, e3t_tensor other, e3t_scalar alpha);
E3T_API int32_t e3t_tensor_add_scalar_(e3t_tensor self, e3t_scalar other, e3t_scalar alpha);
E3T_API int32_t e3t_tensor_sub(e3t_tensor self, e3t_tensor other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_sub_scalar(e3t_tensor self, e3t_scalar other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_sub_(e3t_tensor self, e3t_tensor other);
E3T_API int32_t e3t_tensor_sub_scalar_(e3t_tensor self, e3t_scalar other);
E3T_API int32_t e3t_tensor_rsub_scalar(e3t_tensor self, e3t_scalar other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_mul_(e3t_tensor self, e3t_tensor other);
E3T_API int32_t e3t_tensor_mul_scalar_(e3t_tensor self, e3t_scalar other);
// rounding: 0 none, 1 toward zero, 2 toward minus infinity.
E3T_API int32_t e3t_tensor_div(e3t_tensor self, e3t_tensor other, int32_t rounding, e3t_tensor* result);
E3T_API int32_t e3t_tensor_div_scalar(e3t_tensor self, e3t_scalar other, int32_t rounding, e3t_tensor* result);
E3T_API int32_t e3t_tensor_div_(e3t_tensor self, e3t_tensor other, int32_t rounding);
E3T_API int32_t e3t_tensor_div_scalar_(e3t_tensor self, e3t_scalar other, int32_t rounding);
E3T_API int32_t e3t_tensor_mul(e3t_tensor self, e3t_tensor other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_maximum(e3t_tensor self, e3t_tensor other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_minimum(e3t_tensor self, e3t_tensor other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_matmul(e3t_tensor self, e3t_tensor other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_mm(e3t_tensor self, e3t_tensor other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_bmm(e3t_tensor self, e3t_tensor other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_mv(e3t_tensor self, e3t_tensor other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_dot(e3t_tensor self, e3t_tensor other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_outer(e3t_tensor self, e3t_tensor other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_eq(e3t_tensor self, e3t_tensor other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_ne(e3t_tensor self, e3t_tensor other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_lt(e3t_tensor self, e3t_tensor other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_le(e3t_tensor self, e3t_tensor other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_gt(e3t_tensor self, e3t_tensor other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_ge(e3t_tensor self, e3t_tensor other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_logical_and(e3t_tensor self, e3t_tensor other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_logical_or(e3t_tensor self, e3t_tensor other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_logical_xor(e3t_tensor self, e3t_tensor other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_bitwise_and(e3t_tensor self, e3t_tensor other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_bitwise_or(e3t_tensor self, e3t_tensor other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_bitwise_xor(e3t_tensor self, e3t_tensor other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_remainder(e3t_tensor self, e3t_tensor other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_fmod(e3t_tensor self, e3t_tensor other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_floor_divide(e3t_tensor self, e3t_tensor other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_pow(e3t_tensor self, e3t_tensor other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_atan2(e3t_tensor self, e3t_tensor other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_logaddexp(e3t_tensor self, e3t_tensor other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_xlogy(e3t_tensor self, e3t_tensor other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_mul_scalar(e3t_tensor self, e3t_scalar other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_eq_scalar(e3t_tensor self, e3t_scalar other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_ne_scalar(e3t_tensor self, e3t_scalar other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_lt_scalar(e3t_tensor self, e3t_scalar other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_le_scalar(e3t_tensor self, e3t_scalar other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_gt_scalar(e3t_tensor self, e3t_scalar other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_ge_scalar(e3t_tensor self, e3t_scalar other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_remainder_scalar(e3t_tensor self, e3t_scalar other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_fmod_scalar(e3t_tensor self, e3t_scalar other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_floor_divide_scalar(e3t_tensor self, e3t_scalar other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_pow_scalar(e3t_tensor self, e3t_scalar other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_abs(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_neg(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_exp(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_exp2(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_expm1(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_log(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_log1p(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_log2(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_log10(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_sqrt(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_rsqrt(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_square(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_reciprocal(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_sin(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_cos(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_tan(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_tanh(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_sigmoid(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_silu(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_relu(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_erf(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_erfc(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_erfinv(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_sign(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_floor(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_ceil(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_trunc(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_frac(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_logical_not(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_bitwise_not(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_isnan(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_isinf(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_isfinite(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_nonzero(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_t(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_detach(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_alias(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_all(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_any(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_max(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_min(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_median(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_trace(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_abs_(e3t_tensor self);
E3T_API int32_t e3t_tensor_neg_(e3t_tensor self);
E3T_API int32_t e3t_tensor_exp_(e3t_tensor self);
E3T_API int32_t e3t_tensor_log_(e3t_tensor self);
E3T_API int32_t e3t_tensor_sqrt_(e3t_tensor self);
E3T_API int32_t e3t_tensor_rsqrt_(e3t_tensor self);
E3T_API int32_t e3t_tensor_reciprocal_(e3t_tensor self);
E3T_API int32_t e3t_tensor_sin_(e3t_tensor self);
E3T_API int32_t e3t_tensor_cos_(e3t_tensor self);
E3T_API int32_t e3t_tensor_tanh_(e3t_tensor self);
E3T_API int32_t e3t_tensor_sigmoid_(e3t_tensor self);
E3T_API int32_t e3t_tensor_relu_(e3t_tensor self);
E3T_API int32_t e3t_tensor_floor_(e3t_tensor self);
E3T_API int32_t e3t_tensor_ceil_(e3t_tensor self);
E3T_API int32_t e3t_tensor_zero_(e3t_tensor self);
E3T_API int32_t e3t_tensor_detach_(e3t_tensor self);
E3T_API int32_t e3t_tensor_round(e3t_tensor self, int64_t decimals, e3t_tensor* result);
E3T_API int32_t e3t_tensor_round_(e3t_tensor self, int64_t decimals);
E3T_API int32_t e3t_tensor_pow_(e3t_tensor self, e3t_scalar exponent);
// A scalar of kind none leaves that side unbounded.
E3T_API int32_t e3t_tensor_clamp(e3t_tensor self, e3t_scalar min, e3t_scalar max, e3t_tensor* result);
E3T_API int32_t e3t_tensor_clamp_(e3t_tensor self, e3t_scalar min, e3t_scalar max);
E3T_API int32_t e3t_tensor_clamp_tensor(e3t_tensor self, e3t_tensor min, e3t_tensor max, e3t_tensor* result);
E3T_API int32_t e3t_tensor_clamp_tensor_(e3t_tensor self, e3t_tensor min, e3t_tensor max);
E3T_API int32_t e3t_tensor_addcmul(e3t_tensor self, e3t_tensor tensor1, e3t_tensor tensor2, e3t_scalar value,
    e3t_tensor* result);
E3T_API int32_t e3t_tensor_addcmul_(e3t_tensor self, e3t_tensor tensor1, e3t_tensor tensor2, e3t_scalar value);
E3T_API int32_t e3t_tensor_addcdiv(e3t_tensor self, e3t_tensor tensor1, e3t_tensor tensor2, e3t_scalar value,
    e3t_tensor* result);
E3T_API int32_t e3t_tensor_addcdiv_(e3t_tensor self, e3t_tensor tensor1, e3t_tensor tensor2, e3t_scalar value);
E3T_API int32_t e3t_tensor_lerp(e3t_tensor self, e3t_tensor end, e3t_tensor weight, e3t_tensor* result);
E3T_API int32_t e3t_tensor_lerp_(e3t_tensor self, e3t_tensor end, e3t_tensor weight);
E3T_API int32_t e3t_tensor_addmm(e3t_tensor self, e3t_tensor mat1, e3t_tensor mat2, double beta, double alpha,
    e3t_tensor* result);
E3T_API int32_t e3t_tensor_addmm_(e3t_tensor self, e3t_tensor mat1, e3t_tensor mat2, double beta, double alpha);
E3T_API int32_t e3t_tensor_baddbmm(e3t_tensor self, e3t_tensor batch1, e3t_tensor batch2, double beta, double alpha,
    e3t_tensor* result);
E3T_API int32_t e3t_tensor_where(e3t_tensor condition, e3t_tensor self, e3t_tensor other, e3t_tensor* result);
E3T_API int32_t e3t_tensor_fill_(e3t_tensor self, e3t_scalar value);
E3T_API int32_t e3t_tensor_masked_fill(e3t_tensor self, e3t_tensor mask, e3t_scalar value, e3t_tensor* result);
E3T_API int32_t e3t_tensor_masked_fill_(e3t_tensor self, e3t_tensor mask, e3t_scalar value);
E3T_API int32_t e3t_tensor_nan_to_num(e3t_tensor self, double nan, e3t_scalar posinf, e3t_scalar neginf,
    e3t_tensor* result);
E3T_API int32_t e3t_tensor_nan_to_num_(e3t_tensor self, double nan, e3t_scalar posinf, e3t_scalar neginf);
E3T_API int32_t e3t_tensor_softplus(e3t_tensor self, double beta, double threshold, e3t_tensor* result);
E3T_API int32_t e3t_tensor_gelu(e3t_tensor self, int32_t tanh, e3t_tensor* result);
E3T_API int32_t e3t_tensor_allclose(e3t_tensor self, e3t_tensor other, double rtol, double atol, int32_t equal_nan,
    int32_t* result);
E3T_API int32_t e3t_tensor_isclose(e3t_tensor self, e3t_tensor other, double rtol, double atol, int32_t equal_nan,
    e3t_tensor* result);
E3T_API int32_t e3t_tensor_equal(e3t_tensor self, e3t_tensor other, int32_t* result);
E3T_API int32_t e3t_tensor_normal_(e3t_tensor self, double mean, double std, e3t_generator generator);
E3T_API int32_t e3t_tensor_uniform_(e3t_tensor self, double from, double to, e3t_generator generator);
E3T_API int32_t e3t_tensor_random_(e3t_tensor self, int64_t from, int64_t to, e3t_generator generator);
E3T_API int32_t e3t_tensor_bernoulli_(e3t_tensor self, double p, e3t_generator generator);
E3T_API int32_t e3t_tensor_exponential_(e3t_tensor self, double lambda, e3t_generator generator);
E3T_API int32_t e3t_tensor_bernoulli(e3t_tensor self, e3t_generator generator, e3t_tensor* result);
E3T_API int32_t e3t_tensor_multinomial(e3t_tensor self, int64_t num_samples, int32_t replacement,
    e3t_generator generator, e3t_tensor* result);

// ---- Reductions and ordering; dims_count 0 reduces over everything, dtype -1 keeps libtorch's choice -------------------
E3T_API int32_t e3t_tensor_sum(e3t_tensor self, const int64_t* dims, int32_t dims_count, int32_t keepdim, int32_t dtype,
    e3t_tensor* result);
E3T_API int32_t e3t_tensor_mean(e3t_tensor self, const int64_t* dims, int32_t dims_count, int32_t keepdim,
    int32_t dtype, e3t_tensor* result);
E3T_API int32_t e3t_tensor_prod(e3t_tensor self, int32_t dtype, e3t_tensor* result);
E3T_API int32_t e3t_tensor_prod_dim(e3t_tensor self, int64_t dim, int32_t keepdim, int32_t dtype, e3t_tensor* result);
E3T_API int32_t e3t_tensor_std(e3t_tensor self, const int64_t* dims, int32_t dims_count, int32_t unbiased,
    int32_t keepdim, e3t_tensor* result);
E3T_API int32_t e3t_tensor_var(e3t_tensor self, const int64_t* dims, int32_t dims_count, int32_t unbiased,
    int32_t keepdim, e3t_tensor* result);
E3T_API int32_t e3t_tensor_amax(e3t_tensor self, const int64_t* dims, int32_t dims_count, int32_t keepdim,
    e3t_tensor* result);
E3T_API int32_t e3t_tensor_amin(e3t_tensor self, const int64_t* dims, int32_t dims_count, int32_t keepdim,
    e3t_tensor* result);
E3T_API int32_t e3t_tensor_norm(e3t_tensor self, double p, const int64_t* dims, int32_t dims_count, int32_t keepdim,
    e3t_tensor* result);
E3T_API int32_t e3t_tensor_logsumexp(e3t_tensor self, const int64_t* dims, int32_t dims_count, int32_t keepdim,
    e3t_tensor* result);
E3T_API int32_t e3t_tensor_all_dim(e3t_tensor self, int64_t dim, int32_t keepdim, e3t_tensor* result);
E3T_API int32_t e3t_tensor_any_dim(e3t_tensor self, int64_t dim, int32_t keepdim, e3t_tensor* result);
// A dim of kind none searches the flattened tensor.
E3T_API int32_t e3t_tensor_argmax(e3t_tensor self, e3t_scalar dim, int32_t keepdim, e3t_tensor* result);
E3T_API int32_t e3t_tensor_argmin(e3t_tensor self, e3t_scalar dim, int32_t keepdim, e3t_tensor* result);
E3T_API int32_t e3t_tensor_max_dim(e3t_tensor self, int64_t dim, int32_t keepdim, e3t_tensor* values,
    e3t_tensor* indices);
E3T_API int32_t e3t_tensor_min_dim(e3t_tensor self, int64_t dim, int32_t keepdim, e3t_tensor* values,
    e3t_tensor* indices);
E3T_API int32_t e3t_tensor_cumsum(e3t_tensor self, int64_t dim, int32_t dtype, e3t_tensor* result);
E3T_API int32_t e3t_tensor_cumprod(e3t_tensor self, int64_t dim, int32_t dtype, e3t_tensor* result);
E3T_API int32_t e3t_tensor_count_nonzero(e3t_tensor self, const int64_t* dims, int32_t dims_count, e3t_tensor* result);
E3T_API int32_t e3t_tensor_topk(e3t_tensor self, int64_t k, int64_t dim, int32_t largest, int32_t sorted,
    e3t_tensor* values, e3t_tensor* indices);
E3T_API int32_t e3t_tensor_sort(e3t_tensor self, int64_t dim, int32_t descending, int32_t stable, e3t_tensor* values,
    e3t_tensor* indices);
E3T_API int32_t e3t_tensor_argsort(e3t_tensor self, int64_t dim, int32_t descending, e3t_tensor* result);
E3T_API int32_t e3t_tensor_kthvalue(e3t_tensor self, int64_t k, int64_t dim, int32_t keepdim, e3t_tensor* values,
    e3t_tensor* indices);
E3T_API int32_t e3t_tensor_unique(e3t_tensor self, int32_t sorted, int32_t return_inverse, int32_t return_counts,
    e3t_tensor* values, e3t_tensor* inverse, e3t_tensor* counts);
E3T_API int32_t e3t_tensor_bincount(e3t_tensor self, e3t_tensor weights, int64_t minlength, e3t_tensor* result);
E3T_API int32_t e3t_tensor_searchsorted(e3t_tensor sorted_sequence, e3t_tensor values, int32_t out_int32, int32_t right,
    e3t_tensor* result);
E3T_API int32_t e3t_tensor_softmax(e3t_tensor self, int64_t dim, int32_t dtype, e3t_tensor* result);
E3T_API int32_t e3t_tensor_log_softmax(e3t_tensor self, int64_t dim, int32_t dtype, e3t_tensor* result);
E3T_API int32_t e3t_tensor_quantile(e3t_tensor self, e3t_tensor q, int64_t dim, int32_t keepdim, e3t_tensor* result);

// ---- Shape, views, indexing, joining ------------------------------------------------------------------------------------
E3T_API int32_t e3t_tensor_clone(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_contiguous(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_tensor_view(e3t_tensor self, const int64_t* dims, int32_t dims_count, e3t_tensor* result);
E3T_API int32_t e3t_tensor_reshape(e3t_tensor self, const int64_t* dims, int32_t dims_count, e3t_tensor* result);
E3T_API int32_t e3t_tensor_expand(e3t_tensor self, const int64_t* dims, int32_t dims_count, e3t_tensor* result);
E3T_API int32_t e3t_tensor_permute(e3t_tensor self, const int64_t* dims, int32_t dims_count, e3t_tensor* result);
E3T_API int32_t e3t_tensor_repeat(e3t_tensor self, const int64_t* dims, int32_t dims_count, e3t_tensor* result);
E3T_API int32_t e3t_tensor_flip(e3t_tensor self, const int64_t* dims, int32_t dims_count, e3t_tensor* result);
E3T_API int32_t e3t_tensor_tile(e3t_tensor self, const int64_t* dims, int32_t dims_count, e3t_tensor* result);
E3T_API int32_t e3t_tensor_transpose(e3t_tensor self, int64_t dim0, int64_t dim1, e3t_tensor* result);
E3T_API int32_t e3t_tensor_movedim(e3t_tensor self, const int64_t* source, int32_t source_count,
    const int64_t* destination, int32_t destination_count, e3t_tensor* result);
E3T_API int32_t e3t_tensor_unflatten(e3t_tensor self, int64_t dim, const int64_t* sizes, int32_t sizes_count,
    e3t_tensor* result);
// A dim of kind none squeezes every dimension of size one.
E3T_API int32_t e3t_tensor_squeeze(e3t_tensor self, e3t_scalar dim, e3t_tensor* result);
E3T_API int32_t e3t_tensor_unsqueeze(e3t_tensor self, int64_t dim, e3t_tensor* result);
E3T_API int32_t e3t_tensor_flatten(e3t_tensor self, int64_t start_dim, int64_t end_dim, e3t_tensor* result);
E3T_API int32_t e3t_tensor_narrow(e3t_tensor self, int64_t dim, int64_t start, int64_t length, e3t_tensor* result);
E3T_API int32_t e3t_tensor_slice(e3t_tensor self, int64_t dim, int64_t start, int64_t end, int64_t step,
    e3t_tensor* result);
E3T_API int32_t e3t_tensor_select(e3t_tensor self, int64_t dim, int64_t index, e3t_tensor* result);
E3T_API int32_t e3t_tensor_diagonal(e3t_tensor self, int64_t offset, int64_t dim1, int64_t dim2, e3t_tensor* result);
E3T_API int32_t e3t_tensor_diag(e3t_tensor self, int64_t diagonal, e3t_tensor* result);
E3T_API int32_t e3t_tensor_tril(e3t_tensor self, int64_t diagonal, e3t_tensor* result);
E3T_API int32_t e3t_tensor_triu(e3t_tensor self, int64_t diagonal, e3t_tensor* result);
E3T_API int32_t e3t_tensor_tril_(e3t_tensor self, int64_t diagonal);
E3T_API int32_t e3t_tensor_triu_(e3t_tensor self, int64_t diagonal);
E3T_API int32_t e3t_tensor_roll(e3t_tensor self, const int64_t* shifts, int32_t shifts_count, const int64_t* dims,
    int32_t dims_count, e3t_tensor* result);
E3T_API int32_t e3t_tensor_unfold(e3t_tensor self, int64_t dim, int64_t size, int64_t step, e3t_tensor* result);
E3T_API int32_t e3t_tensor_split(e3t_tensor self, int64_t size, int64_t dim, e3t_tensor_list* result);
E3T_API int32_t e3t_tensor_split_with_sizes(e3t_tensor self, const int64_t* sizes, int32_t sizes_count, int64_t dim,
    e3t_tensor_list* result);
E3T_API int32_t e3t_tensor_chunk(e3t_tensor self, int64_t chunks, int64_t dim, e3t_tensor_list* result);
E3T_API int32_t e3t_tensor_unbind(e3t_tensor self, int64_t dim, e3t_tensor_list* result);
E3T_API int32_t e3t_tensor_where_indices(e3t_tensor condition, e3t_tensor_list* result);
E3T_API int32_t e3t_tensor_index(e3t_tensor self, const e3t_index* indices, int32_t indices_count, e3t_tensor* result);
E3T_API int32_t e3t_tensor_index_put_(e3t_tensor self, const e3t_index* indices, int32_t indices_count,
    e3t_tensor value, int32_t accumulate);
E3T_API int32_t e3t_tensor_index_put_scalar_(e3t_tensor self, const e3t_index* indices, int32_t indices_count,
    e3t_scalar value);
E3T_API int32_t e3t_tensor_index_select(e3t_tensor self, int64_t dim, e3t_tensor index, e3t_tensor* result);
E3T_API int32_t e3t_tensor_index_add(e3t_tensor self, int64_t dim, e3t_tensor index, e3t_tensor source,
    e3t_scalar alpha, e3t_tensor* result);
E3T_API int32_t e3t_tensor_index_add_(e3t_tensor self, int64_t dim, e3t_tensor index, e3t_tensor source,
    e3t_scalar alpha);
E3T_API int32_t e3t_tensor_index_copy(e3t_tensor self, int64_t dim, e3t_tensor index, e3t_tensor source,
    e3t_tensor* result);
E3T_API int32_t e3t_tensor_index_copy_(e3t_tensor self, int64_t dim, e3t_tensor index, e3t_tensor source);
E3T_API int32_t e3t_tensor_gather(e3t_tensor self, int64_t dim, e3t_tensor index, e3t_tensor* result);
E3T_API int32_t e3t_tensor_scatter(e3t_tensor self, int64_t dim, e3t_tensor index, e3t_tensor source,
    e3t_tensor* result);
E3T_API int32_t e3t_tensor_scatter_(e3t_tensor self, int64_t dim, e3t_tensor index, e3t_tensor source);
E3T_API int32_t e3t_tensor_scatter_add(e3t_tensor self, int64_t dim, e3t_tensor index, e3t_tensor source,
    e3t_tensor* result);
E3T_API int32_t e3t_tensor_scatter_add_(e3t_tensor self, int64_t dim, e3t_tensor index, e3t_tensor source);
E3T_API int32_t e3t_tensor_masked_select(e3t_tensor self, e3t_tensor mask, e3t_tensor* result);
E3T_API int32_t e3t_tensor_take_along_dim(e3t_tensor self, e3t_tensor indices, e3t_scalar dim, e3t_tensor* result);
E3T_API int32_t e3t_tensor_repeat_interleave(e3t_tensor self, int64_t repeats, e3t_scalar dim, e3t_scalar output_size,
    e3t_tensor* result);
E3T_API int32_t e3t_tensor_repeat_interleave_tensor(e3t_tensor self, e3t_tensor repeats, e3t_scalar dim,
    e3t_scalar output_size, e3t_tensor* result);
E3T_API int32_t e3t_torch_cat(const e3t_tensor* tensors, int32_t tensors_count, int64_t dim, e3t_tensor* result);
E3T_API int32_t e3t_torch_stack(const e3t_tensor* tensors, int32_t tensors_count, int64_t dim, e3t_tensor* result);
E3T_API int32_t e3t_torch_einsum(const char* equation, const e3t_tensor* tensors, int32_t tensors_count,
    e3t_tensor* result);
E3T_API int32_t e3t_torch_broadcast_tensors(const e3t_tensor* tensors, int32_t tensors_count, e3t_tensor_list* result);

// ---- Lists of tensors: owned by the caller, freed with e3t_list_free. e3t_list_get gives a new handle, or null for an
//      undefined tensor. ----------------------------------------------------------------------------------------------
E3T_API int32_t e3t_list_size(e3t_tensor_list list, int32_t* result);
E3T_API int32_t e3t_list_get(e3t_tensor_list list, int32_t index, e3t_tensor* result);
E3T_API int32_t e3t_list_free(void* list);

// ---- torch.nn.functional --------------------------------------------------------------------------------------------
E3T_API int32_t e3t_nn_linear(e3t_tensor input, e3t_tensor weight, e3t_tensor bias, e3t_tensor* result);
// Rows start..start+count of to = those rows of from times weight, or its transpose, or added to what is there. Below autograd: leaves no graph.
E3T_API int32_t e3t_nn_rows_product_(
    e3t_tensor to, e3t_tensor from, e3t_tensor weight, int32_t transposed, int64_t start, int64_t count, int32_t add);
E3T_API int32_t e3t_nn_embedding(e3t_tensor weight, e3t_tensor indices, int64_t padding_idx, int32_t scale_grad_by_freq,
    int32_t sparse, e3t_tensor* result);
E3T_API int32_t e3t_nn_embedding_renorm_(e3t_tensor weight, e3t_tensor indices, double max_norm, double norm_type);
// reduction: 0 none, 1 mean, 2 sum.
E3T_API int32_t e3t_nn_cross_entropy(e3t_tensor input, e3t_tensor target, e3t_tensor weight, int64_t reduction,
    int64_t ignore_index, double label_smoothing, e3t_tensor* result);
E3T_API int32_t e3t_nn_nll_loss(e3t_tensor input, e3t_tensor target, e3t_tensor weight, int64_t reduction,
    int64_t ignore_index, e3t_tensor* result);
E3T_API int32_t e3t_nn_kl_div(e3t_tensor input, e3t_tensor target, int64_t reduction, int32_t log_target,
    e3t_tensor* result);
E3T_API int32_t e3t_nn_mse_loss(e3t_tensor input, e3t_tensor target, int64_t reduction, e3t_tensor* result);
E3T_API int32_t e3t_nn_one_hot(e3t_tensor self, int64_t num_classes, e3t_tensor* result);
E3T_API int32_t e3t_nn_dropout(e3t_tensor input, double p, int32_t training, e3t_tensor* result);
E3T_API int32_t e3t_nn_layer_norm(e3t_tensor input, const int64_t* normalized_shape, int32_t normalized_shape_count,
    e3t_tensor weight, e3t_tensor bias, double eps, e3t_tensor* result);
E3T_API int32_t e3t_nn_scaled_dot_product_attention(e3t_tensor query, e3t_tensor key, e3t_tensor value, e3t_tensor mask,
    double dropout, int32_t causal, e3t_tensor* result);

// ---- Automatic differentiation ------------------------------------------------------------------------------------------
E3T_API int32_t e3t_autograd_requires_grad(e3t_tensor self, int32_t* result);
E3T_API int32_t e3t_autograd_set_requires_grad(e3t_tensor self, int32_t requires_grad);
E3T_API int32_t e3t_autograd_is_leaf(e3t_tensor self, int32_t* result);
E3T_API int32_t e3t_autograd_retain_grad(e3t_tensor self);
// The gradient, or null where there is none.
E3T_API int32_t e3t_autograd_grad_of(e3t_tensor self, e3t_tensor* result);
E3T_API int32_t e3t_autograd_set_grad(e3t_tensor self, e3t_tensor grad);
// retain_graph: 1 yes, 0 no, -1 as create_graph says. Null entries of `grads` stand for implicit ones; inputs_count 0 means all leaves.
E3T_API int32_t e3t_autograd_backward(const e3t_tensor* tensors, int32_t tensors_count, const e3t_tensor* grads,
    int32_t grads_count, int32_t retain_graph, int32_t create_graph, const e3t_tensor* inputs, int32_t inputs_count);
E3T_API int32_t e3t_autograd_gradients(const e3t_tensor* outputs, int32_t outputs_count, const e3t_tensor* inputs,
    int32_t inputs_count, const e3t_tensor* grads, int32_t grads_count, int32_t retain_graph, int32_t create_graph,
    int32_t allow_unused, e3t_tensor_list* result);
E3T_API int32_t e3t_autograd_set_detect_anomaly(int32_t enabled, int32_t check_nan);
E3T_API int32_t e3t_autograd_is_anomaly_enabled(int32_t* enabled);

// ---- Custom functions ----------------------------------------------------------------------------------------------------
// The host (C#) gives three callbacks once:
//   forward(state, context, outputs)           pushes its outputs on `outputs` with e3t_autograd_push
//   backward(state, context, grads, results)   pushes one gradient per input on `results`
//   release(object)                            drops a host object: a function's state, or an exception in flight
// forward and backward return null, or a host exception object: it travels through libtorch as a C++ exception and
// comes out at the outer call as status E3T_HOST_EXCEPTION.
// `context`, `outputs`, `grads` and `results` are only valid during the callback.
E3T_API int32_t e3t_autograd_set_callbacks(void* forward, void* backward, void* release);
// Takes over `state`: it is released when the graph node dies, or at once if no node is made.
E3T_API int32_t e3t_autograd_apply(const e3t_tensor* inputs, int32_t inputs_count, void* state,
    e3t_tensor_list* result);
E3T_API int32_t e3t_autograd_push(void* list, e3t_tensor tensor);
E3T_API int32_t e3t_autograd_save_for_backward(void* context, const e3t_tensor* tensors, int32_t tensors_count);
E3T_API int32_t e3t_autograd_mark_dirty(void* context, const e3t_tensor* tensors, int32_t tensors_count);
E3T_API int32_t e3t_autograd_mark_non_differentiable(void* context, const e3t_tensor* tensors, int32_t tensors_count);
E3T_API int32_t e3t_autograd_set_materialize_grads(void* context, int32_t value);
E3T_API int32_t e3t_autograd_saved_variables(void* context, e3t_tensor_list* result);

// ---- Sums of gradients
// Where backward passes add the gradients of a leaf from now on, instead of to its grad: memory of its shape, of any type (also float32 for bfloat16). Until the
// handle is freed, or another sum made for the leaf. What is in the memory does not count: the first addition after new or clear overwrites it.
E3T_API int32_t e3t_gradient_sum_new(e3t_tensor parameter, e3t_tensor sum, void** result);
E3T_API int32_t e3t_gradient_sum_free(void* handle);
E3T_API int32_t e3t_gradient_sum_add(void* handle, e3t_tensor gradient);
// Adds left times right, without a product in between where the types allow.
E3T_API int32_t e3t_gradient_sum_add_product(void* handle, e3t_tensor left, e3t_tensor right);
E3T_API int32_t e3t_gradient_sum_clear(void* handle);
// Zeros where nothing was added since.
E3T_API int32_t e3t_gradient_sum_complete(void* handle);

#endif  // E3TORCH_H
