/* libe3mpi: the part of MPI that E3Scale uses, as a flat C ABI that is the same for Open MPI and MPICH.
 *
 * Status: every function returns E3M_OK, a positive error code of the MPI library, or E3M_BAD_ARGUMENT / E3M_UNKNOWN of the shim.
 *   e3m_error_message gives the text of this thread's last failure. No C++ exception leaves the library.
 * Handles: communicators and requests are MPI's own handles, widened to intptr_t; 0 is the null handle of either kind.
 *   e3m_comm_free frees what e3m_comm_split and e3m_comm_dup made; a request frees itself when e3m_test says it is done.
 * Buffers belong to the caller and must neither move nor be freed before the request that uses them is done. Counts are elements;
 *   they are int32_t because MPI 3.1 counts are int: the caller cuts larger transfers. Results are zero or null on failure. */
#ifndef E3MPI_H
#define E3MPI_H

#include <stdint.h>

#ifdef E3M_BUILD
#define E3M_API __attribute__((visibility("default")))
#else
#define E3M_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef intptr_t e3m_comm;
typedef intptr_t e3m_request;

enum { E3M_OK = 0, E3M_BAD_ARGUMENT = -1, E3M_UNKNOWN = -2 };

/* bfloat16 travels as 16-bit words; no reduction takes it, since a pairwise one would round after every addition. */
enum { E3M_FLOAT32 = 0, E3M_FLOAT64 = 1, E3M_BFLOAT16 = 2, E3M_INT32 = 3, E3M_INT64 = 4, E3M_UINT8 = 5 };
enum { E3M_SUM = 0, E3M_MAX = 1, E3M_MIN = 2 };

/* Text of this thread's last failure, UTF-8, cut to capacity including the terminating zero. */
E3M_API void e3m_error_message(char* text, int32_t capacity);

/* MPI_Init_thread for MPI_THREAD_MULTIPLE; *multiple is 1 if that level was granted. From here on errors are returned, not fatal. */
E3M_API int32_t e3m_init(int32_t* multiple);
E3M_API int32_t e3m_finalize(void);
/* Ends every rank of the job; does not return unless it fails. */
E3M_API int32_t e3m_abort(int32_t code);
E3M_API int32_t e3m_library_version(char* text, int32_t capacity);
E3M_API int32_t e3m_processor_name(char* text, int32_t capacity);

/* Whether the library takes pointers to CUDA memory; 0 too where it cannot tell. */
E3M_API int32_t e3m_cuda_support(int32_t* supported);

/* The world communicator is MPI's; the caller does not free it. */
E3M_API int32_t e3m_comm_world(e3m_comm* world);
E3M_API int32_t e3m_comm_rank(e3m_comm comm, int32_t* rank);
E3M_API int32_t e3m_comm_size(e3m_comm comm, int32_t* size);
/* Collective and blocking; color is not negative. */
E3M_API int32_t e3m_comm_split(e3m_comm comm, int32_t color, int32_t key, e3m_comm* group);
/* Rank among the ranks of the communicator that share this rank's memory, in the order of their ranks. Collective and blocking. */
E3M_API int32_t e3m_comm_local_rank(e3m_comm comm, int32_t* rank);
E3M_API int32_t e3m_comm_dup(e3m_comm comm, e3m_comm* copy);
E3M_API int32_t e3m_comm_free(e3m_comm comm);

/* In place; returns when it is done. For ranks that are all there: a rank that waits in it for another one notices nothing else. */
E3M_API int32_t e3m_allreduce(e3m_comm comm, void* data, int32_t count, int32_t type, int32_t op);

/* Everything below starts an operation and returns at once; e3m_test completes it. */
E3M_API int32_t e3m_ibarrier(e3m_comm comm, e3m_request* request);
E3M_API int32_t e3m_ibcast(e3m_comm comm, void* data, int32_t count, int32_t type, int32_t root, e3m_request* request);
/* In place. */
E3M_API int32_t e3m_iallreduce(e3m_comm comm, void* data, int32_t count, int32_t type, int32_t op, e3m_request* request);
/* result is used on root only. */
E3M_API int32_t e3m_ireduce(e3m_comm comm, const void* data, void* result, int32_t count, int32_t type, int32_t op, int32_t root,
                            e3m_request* request);
/* data holds size blocks of count elements; result receives the sum of block number rank. The two do not overlap. */
E3M_API int32_t e3m_ireduce_scatter_block(e3m_comm comm, const void* data, void* result, int32_t count, int32_t type, int32_t op,
                                          e3m_request* request);
/* data holds count elements, result size blocks of count; data may be block number rank of result itself. */
E3M_API int32_t e3m_iallgather(e3m_comm comm, const void* data, void* result, int32_t count, int32_t type, e3m_request* request);
E3M_API int32_t e3m_isend(e3m_comm comm, const void* data, int32_t count, int32_t type, int32_t destination, int32_t tag,
                          e3m_request* request);
E3M_API int32_t e3m_irecv(e3m_comm comm, void* data, int32_t count, int32_t type, int32_t source, int32_t tag, e3m_request* request);

/* Progresses MPI. When the operation is complete *done is 1, *request becomes 0 and *received holds the elements a receive got
 * (-1 when they are not a whole number; without meaning for other operations). An error also ends the request. */
E3M_API int32_t e3m_test(e3m_request* request, int32_t type, int32_t* done, int64_t* received);

#ifdef __cplusplus
}
#endif

#endif
