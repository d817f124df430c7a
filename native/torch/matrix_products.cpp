// Matrix products in single precision: libtorch calls the BLAS's sgemm_, and this library, which is loaded before it and depends on it, has one of
// its own, which calls oneDNN's. oneDNN is a library that libtorch brings anyway. It compiles its kernels for the CPU at hand, where OpenBLAS
// knows CPUs by name and falls behind on those that are newer than itself; and products of few rows, those of generation and of small experts, take it up to
// seven times as long (docs/decisions/0007-matrix-products-by-onednn.md). bfloat16 goes to oneDNN in libtorch itself.
#include <dlfcn.h>

#include <cstdlib>

#include "guard.h"

extern "C" {
// oneDNN's, row-major. Absent where libtorch has oneDNN inside it, or none.
__attribute__((weak)) int dnnl_sgemm(
    char transa, char transb, int64_t m, int64_t n, int64_t k, float alpha, const float* a, int64_t lda, const float* b, int64_t ldb, float beta, float* c,
    int64_t ldc);
// The name of the kernels that OpenBLAS chose.
__attribute__((weak)) char* openblas_get_corename(void);
}

namespace {

using Sgemm = void (*)(
    const char* transa, const char* transb, const int* m, const int* n, const int* k, const float* alpha, const float* a, const int* lda, const float* b,
    const int* ldb, const float* beta, float* c, const int* ldc);

// The BLAS that libtorch was linked with: the next one in the order in which symbols are looked for.
Sgemm blas() {
  static const auto found = reinterpret_cast<Sgemm>(dlsym(RTLD_NEXT, "sgemm_"));
  return found;
}

// MKL and BLIS are left to themselves: they are measured nowhere here.
bool is_measured_blas() {
  Dl_info info;
  if (blas() == nullptr || dladdr(reinterpret_cast<void*>(blas()), &info) == 0 || info.dli_fname == nullptr) return true;
  const std::string file = info.dli_fname;
  return file.find("mkl") == std::string::npos && file.find("blis") == std::string::npos;
}

bool choose_onednn() {
  if (dnnl_sgemm == nullptr) return false;
  // For comparisons: the results of both are right.
  const char* wanted = std::getenv("E3SCALE_SGEMM");
  if (wanted != nullptr && std::strcmp(wanted, "blas") == 0) return false;
#if defined(__x86_64__)
  return is_measured_blas();
#else
  return false;  // its kernels for other CPUs are plain loops
#endif
}

bool is_onednn() {
  static const bool chosen = choose_onednn();
  return chosen;
}

}  // namespace

// C = alpha op(A) op(B) + beta C, column-major: to row-major eyes all three are transposed, so the factors change places.
extern "C" __attribute__((visibility("default"))) void sgemm_(
    const char* transa, const char* transb, const int* m, const int* n, const int* k, const float* alpha, const float* a, const int* lda, const float* b,
    const int* ldb, const float* beta, float* c, const int* ldc) {
  // Without a sum there is nothing to gain, and BLAS says what then happens to C.
  const bool is_product = *m > 0 && *n > 0 && *k > 0 && *alpha != 0;
  if (is_product && is_onednn() && dnnl_sgemm(*transb, *transa, *n, *m, *k, *alpha, b, *ldb, a, *lda, *beta, c, *ldc) == 0) return;
  blas()(transa, transb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

E3T_API int32_t e3t_runtime_sgemm(const char** text) {
  return e3t::guard_value(text, [] {
    if (is_onednn()) return "oneDNN";
    return openblas_get_corename == nullptr ? "BLAS" : openblas_get_corename();
  });
}
