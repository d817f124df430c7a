using System.Runtime.InteropServices;

namespace TorchSharp.PInvoke;

internal static partial class NativeMethods
{
    [LibraryImport(Library)]
    internal static partial int e3t_runtime_version(out nint text);

    [LibraryImport(Library)]
    internal static partial int e3t_runtime_show_config(out nint text);

    [LibraryImport(Library)]
    internal static partial int e3t_runtime_parallel_info(out nint text);

    [LibraryImport(Library)]
    internal static partial int e3t_runtime_sgemm(out nint text);

    [LibraryImport(Library)]
    internal static partial int e3t_runtime_set_num_threads(int count);

    [LibraryImport(Library)]
    internal static partial int e3t_runtime_get_num_threads(out int count);

    [LibraryImport(Library)]
    internal static unsafe partial int e3t_runtime_parallel(
        int parts, delegate* unmanaged<nint, int, void> work, nint state, [MarshalAs(UnmanagedType.Bool)] out bool ran);

    [LibraryImport(Library)]
    internal static partial int e3t_runtime_manual_seed(long seed);

    [LibraryImport(Library)]
    internal static partial int e3t_runtime_set_grad_enabled([MarshalAs(UnmanagedType.Bool)] bool enabled);

    [LibraryImport(Library)]
    internal static partial int e3t_runtime_is_grad_enabled([MarshalAs(UnmanagedType.Bool)] out bool enabled);

    [LibraryImport(Library)]
    internal static partial int e3t_runtime_is_inference_mode([MarshalAs(UnmanagedType.Bool)] out bool enabled);

    [LibraryImport(Library)]
    internal static partial int e3t_runtime_inference_guard_new([MarshalAs(UnmanagedType.Bool)] bool enabled, out nint guard);

    [LibraryImport(Library)]
    internal static partial int e3t_runtime_inference_guard_free(nint guard);

    [LibraryImport(Library)]
    internal static partial int e3t_cuda_is_available([MarshalAs(UnmanagedType.Bool)] out bool available);

    [LibraryImport(Library)]
    internal static partial int e3t_cuda_device_count(out int count);

    [LibraryImport(Library)]
    internal static partial int e3t_cuda_synchronize(int deviceIndex);

    [LibraryImport(Library)]
    internal static partial int e3t_generator_new(long seed, int deviceType, int deviceIndex, out GeneratorHandle result);

    [LibraryImport(Library)]
    internal static partial int e3t_generator_default(out GeneratorHandle result);

    [LibraryImport(Library)]
    internal static partial int e3t_generator_free(nint generator);

    [LibraryImport(Library)]
    internal static partial int e3t_generator_manual_seed(GeneratorHandle generator, long seed);

    [LibraryImport(Library)]
    internal static partial int e3t_generator_seed(GeneratorHandle generator, out long seed);

    [LibraryImport(Library)]
    internal static partial int e3t_generator_initial_seed(GeneratorHandle generator, out long seed);

    [LibraryImport(Library)]
    internal static partial int e3t_generator_get_state(GeneratorHandle generator, out TensorHandle result);

    [LibraryImport(Library)]
    internal static partial int e3t_generator_set_state(GeneratorHandle generator, TensorHandle state);
}
