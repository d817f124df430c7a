using System.Runtime.InteropServices;

namespace E3Scale.Mpi;

/// <summary>native/mpi/e3mpi.h; the meaning of each call stands there. <see cref="NativeLibraryFinder"/> picks the library.</summary>
internal static unsafe partial class NativeMethods
{
    internal const string Library = "e3mpi";

    [LibraryImport(Library)]
    internal static partial void e3m_error_message(byte* text, int capacity);

    [LibraryImport(Library)]
    internal static partial int e3m_init(out int multiple);

    [LibraryImport(Library)]
    internal static partial int e3m_finalize();

    [LibraryImport(Library)]
    internal static partial int e3m_abort(int code);

    [LibraryImport(Library)]
    internal static partial int e3m_library_version(byte* text, int capacity);

    [LibraryImport(Library)]
    internal static partial int e3m_processor_name(byte* text, int capacity);

    [LibraryImport(Library)]
    internal static partial int e3m_cuda_support(out int supported);

    [LibraryImport(Library)]
    internal static partial int e3m_comm_local_rank(nint comm, out int rank);

    [LibraryImport(Library)]
    internal static partial int e3m_comm_world(out nint world);

    [LibraryImport(Library)]
    internal static partial int e3m_comm_rank(nint comm, out int rank);

    [LibraryImport(Library)]
    internal static partial int e3m_comm_size(nint comm, out int size);

    [LibraryImport(Library)]
    internal static partial int e3m_comm_split(nint comm, int color, int key, out nint group);

    [LibraryImport(Library)]
    internal static partial int e3m_comm_dup(nint comm, out nint copy);

    [LibraryImport(Library)]
    internal static partial int e3m_comm_free(nint comm);

    [LibraryImport(Library)]
    internal static partial int e3m_ibarrier(nint comm, out nint request);

    [LibraryImport(Library)]
    internal static partial int e3m_ibcast(nint comm, nint data, int count, MpiDataType type, int root, out nint request);

    [LibraryImport(Library)]
    internal static partial int e3m_allreduce(nint comm, nint data, int count, MpiDataType type, ReduceOperation op);

    [LibraryImport(Library)]
    internal static partial int e3m_iallreduce(nint comm, nint data, int count, MpiDataType type, ReduceOperation op, out nint request);

    [LibraryImport(Library)]
    internal static partial int e3m_ireduce(
        nint comm, nint data, nint result, int count, MpiDataType type, ReduceOperation op, int root, out nint request);

    [LibraryImport(Library)]
    internal static partial int e3m_ireduce_scatter_block(
        nint comm, nint data, nint result, int count, MpiDataType type, ReduceOperation op, out nint request);

    [LibraryImport(Library)]
    internal static partial int e3m_iallgather(nint comm, nint data, nint result, int count, MpiDataType type, out nint request);

    [LibraryImport(Library)]
    internal static partial int e3m_isend(
        nint comm, nint data, int count, MpiDataType type, int destination, int tag, out nint request);

    [LibraryImport(Library)]
    internal static partial int e3m_irecv(nint comm, nint data, int count, MpiDataType type, int source, int tag, out nint request);

    [LibraryImport(Library)]
    internal static partial int e3m_test(ref nint request, MpiDataType type, out int done, out long received);
}
