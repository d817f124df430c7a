// Errors, library information, process-wide settings, generators and CUDA queries.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/version.h>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "guard.h"

namespace e3t {

namespace {
thread_local std::string last_error;
thread_local std::shared_ptr<void> host_exception;

int32_t text_result(const char** text, std::string (*make)()) {
  return guard_value(text, [&] {
    thread_local std::string kept;
    kept = make();
    return kept.c_str();
  });
}
}  // namespace

int32_t fail(int32_t status, const char* message) noexcept {
  try {
    last_error = message;
  } catch (...) {
    last_error.clear();  // out of memory: the status alone has to do
  }
  return status;
}

int32_t fail(const HostException& error) noexcept {
  host_exception = error.exception();
  return fail(E3T_HOST_EXCEPTION, error.what());
}

}  // namespace e3t

using namespace e3t;

E3T_API const char* e3t_last_error(void) { return last_error.c_str(); }

E3T_API void* e3t_last_host_exception(void) { return host_exception.get(); }
E3T_API void e3t_clear_host_exception(void) { host_exception.reset(); }

E3T_API int32_t e3t_runtime_version(const char** text) {
  return guard_value(text, [] { return TORCH_VERSION; });
}
E3T_API int32_t e3t_runtime_show_config(const char** text) { return text_result(text, at::show_config); }
E3T_API int32_t e3t_runtime_parallel_info(const char** text) { return text_result(text, at::get_parallel_info); }
E3T_API int32_t e3t_runtime_set_num_threads(int32_t count) {
  return guard([&] { at::set_num_threads(count); });
}
E3T_API int32_t e3t_runtime_get_num_threads(int32_t* count) { return guard_value(count, at::get_num_threads); }
E3T_API int32_t e3t_runtime_parallel(int32_t parts, void (*work)(void* state, int32_t part), void* state, int32_t* ran) {
  return guard([&] {
    require(work, "the work");
    require(ran);
#ifdef _OPENMP
    if (parts < 1) throw std::invalid_argument("work in less than one part");
    // By the whole team, as libtorch does: threads that a smaller one leaves out would end, and be started again for the next.
#pragma omp parallel
    {
      at::internal::lazy_init_num_threads();  // sets it too, the first time on a thread
      omp_set_num_threads(1);  // of this thread, until the end of its part: operations in it divide their work no further, and know
#pragma omp for schedule(static, 1)
      for (int32_t part = 0; part < parts; ++part) work(state, part);
    }
    *ran = 1;
#else
    *ran = 0;
#endif
  });
}
E3T_API int32_t e3t_runtime_manual_seed(int64_t seed) {
  return guard([&] { at::manual_seed(static_cast<uint64_t>(seed)); });
}
E3T_API int32_t e3t_runtime_set_grad_enabled(int32_t enabled) {
  return guard([&] { c10::GradMode::set_enabled(enabled != 0); });
}
E3T_API int32_t e3t_runtime_is_grad_enabled(int32_t* enabled) { return guard_value(enabled, c10::GradMode::is_enabled); }
E3T_API int32_t e3t_runtime_is_inference_mode(int32_t* enabled) { return guard_value(enabled, c10::InferenceMode::is_enabled); }
E3T_API int32_t e3t_runtime_inference_guard_new(int32_t enabled, void** guard_out) {
  return guard_value(guard_out, [&] { return static_cast<void*>(new c10::InferenceMode(enabled != 0)); });
}
E3T_API int32_t e3t_runtime_inference_guard_free(void* inference_guard) {
  return guard([&] { delete static_cast<c10::InferenceMode*>(inference_guard); });
}

E3T_API int32_t e3t_cuda_is_available(int32_t* available) { return guard_value(available, at::hasCUDA); }
E3T_API int32_t e3t_cuda_device_count(int32_t* count) {
  return guard_value(count, [] { return at::detail::getCUDAHooks().getNumGPUs(); });
}
E3T_API int32_t e3t_cuda_synchronize(int32_t device_index) {
  return guard([&] { at::detail::getCUDAHooks().deviceSynchronize(static_cast<at::DeviceIndex>(device_index)); });
}

namespace {
at::Generator& generator_ref(e3t_generator handle) { return *reinterpret_cast<at::Generator*>(require(handle, "a generator")); }

e3t_generator wrap_generator(at::Generator&& value) {
  return reinterpret_cast<e3t_generator>(new at::Generator(std::move(value)));
}
}  // namespace

E3T_API int32_t e3t_generator_new(int64_t seed, int32_t device_type, int32_t device_index, e3t_generator* result) {
  return guard_value(result, [&] {
    auto made = at::globalContext().defaultGenerator(device(device_type, device_index)).clone();
    made.set_current_seed(static_cast<uint64_t>(seed));
    return wrap_generator(std::move(made));
  });
}
E3T_API int32_t e3t_generator_default(e3t_generator* result) {
  return guard_value(result, [] { return wrap_generator(at::Generator(at::globalContext().defaultGenerator(at::kCPU))); });
}
E3T_API int32_t e3t_generator_free(void* handle) {
  return guard([&] { delete static_cast<at::Generator*>(handle); });
}
E3T_API int32_t e3t_generator_manual_seed(e3t_generator handle, int64_t seed) {
  return guard([&] {
    auto& target = generator_ref(handle);
    std::lock_guard<std::mutex> lock(target.mutex());
    target.set_current_seed(static_cast<uint64_t>(seed));
  });
}
E3T_API int32_t e3t_generator_seed(e3t_generator handle, int64_t* seed) {
  return guard_value(seed, [&] {
    auto& target = generator_ref(handle);
    std::lock_guard<std::mutex> lock(target.mutex());
    return target.seed();
  });
}
E3T_API int32_t e3t_generator_initial_seed(e3t_generator handle, int64_t* seed) {
  return guard_value(seed, [&] { return generator_ref(handle).current_seed(); });
}
E3T_API int32_t e3t_generator_get_state(e3t_generator handle, e3t_tensor* result) {
  return guard_tensor(result, [&] { return generator_ref(handle).get_state(); });
}
E3T_API int32_t e3t_generator_set_state(e3t_generator handle, e3t_tensor state) {
  return guard([&] { generator_ref(handle).set_state(ref(state)); });
}
