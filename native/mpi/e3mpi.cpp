#include "e3mpi.h"

#include <algorithm>
#include <cstring>

#include "guard.h"

// Open MPI declares its extensions, the query for CUDA among them, in a header of their own; MPICH in mpi.h.
#if defined(E3M_CUDA_QUERY) && defined(OPEN_MPI)
#include <mpi-ext.h>
#endif

namespace {

using e3m::check;
using e3m::guard;

// MPI handles are pointers in Open MPI and ints in MPICH: both fit an intptr_t, and each library's null handle becomes 0.
static_assert(sizeof(MPI_Comm) <= sizeof(intptr_t) && sizeof(MPI_Request) <= sizeof(intptr_t), "MPI handles must fit intptr_t");

template <class Handle>
intptr_t widen(Handle handle, Handle null_handle) {
  if (handle == null_handle) return 0;
  intptr_t bits = 0;
  std::memcpy(&bits, &handle, sizeof handle);
  return bits;
}

template <class Handle>
Handle narrow(intptr_t bits, Handle null_handle) {
  if (bits == 0) return null_handle;
  Handle handle;
  std::memcpy(&handle, &bits, sizeof handle);
  return handle;
}

MPI_Comm comm_of(e3m_comm bits) { return narrow<MPI_Comm>(bits, MPI_COMM_NULL); }

MPI_Datatype type_of(int32_t type) {
  switch (type) {
    case E3M_FLOAT32: return MPI_FLOAT;
    case E3M_FLOAT64: return MPI_DOUBLE;
    case E3M_BFLOAT16: return MPI_UINT16_T;
    case E3M_INT32: return MPI_INT32_T;
    case E3M_INT64: return MPI_INT64_T;
    case E3M_UINT8: return MPI_UINT8_T;
    default: throw std::invalid_argument("unknown data type " + std::to_string(type));
  }
}

MPI_Datatype reducible_type_of(int32_t type) {
  if (type == E3M_BFLOAT16) throw std::invalid_argument("bfloat16 is not reduced by MPI: it would round after every addition");
  return type_of(type);
}

// MPICH 4.0 compares bytes as signed numbers: its maximum of 127 and 128 is 127. So bytes have operations of our own.
template <class Choose>
void combine_bytes(void* in, void* inout, int* count, Choose choose) {
  const auto* from = static_cast<const uint8_t*>(in);
  auto* to = static_cast<uint8_t*>(inout);
  for (int i = 0; i < *count; ++i) to[i] = choose(to[i], from[i]);
}

void max_bytes(void* in, void* inout, int* count, MPI_Datatype*) {
  combine_bytes(in, inout, count, [](uint8_t a, uint8_t b) { return std::max(a, b); });
}

void min_bytes(void* in, void* inout, int* count, MPI_Datatype*) {
  combine_bytes(in, inout, count, [](uint8_t a, uint8_t b) { return std::min(a, b); });
}

// Made by e3m_init; they last as long as MPI.
MPI_Op byte_max = MPI_OP_NULL;
MPI_Op byte_min = MPI_OP_NULL;

MPI_Op op_of(int32_t op, int32_t type) {
  if (type == E3M_UINT8 && op == E3M_MAX) return byte_max;
  if (type == E3M_UINT8 && op == E3M_MIN) return byte_min;
  switch (op) {
    case E3M_SUM: return MPI_SUM;
    case E3M_MAX: return MPI_MAX;
    case E3M_MIN: return MPI_MIN;
    default: throw std::invalid_argument("unknown reduction " + std::to_string(op));
  }
}

void copy_text(const char* from, char* text, int32_t capacity) {
  if (capacity <= 0) return;
  std::strncpy(text, from, static_cast<size_t>(capacity) - 1);
  text[capacity - 1] = '\0';
}

// Runs a body that starts an MPI operation on the request it is given.
template <class Start>
int32_t start(e3m_request* request, Start&& body) noexcept {
  *request = 0;
  return guard([&] {
    MPI_Request started = MPI_REQUEST_NULL;
    check(body(&started));
    *request = widen<MPI_Request>(started, MPI_REQUEST_NULL);
  });
}

}  // namespace

void e3m_error_message(char* text, int32_t capacity) { copy_text(e3m::last_message().c_str(), text, capacity); }

int32_t e3m_init(int32_t* multiple) {
  *multiple = 0;
  return guard([&] {
    int provided = MPI_THREAD_SINGLE;
    check(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &provided));
    check(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
    check(MPI_Op_create(max_bytes, /*commute=*/1, &byte_max));
    check(MPI_Op_create(min_bytes, /*commute=*/1, &byte_min));
    *multiple = provided == MPI_THREAD_MULTIPLE;
  });
}

int32_t e3m_finalize(void) {
  return guard([] { check(MPI_Finalize()); });
}

int32_t e3m_abort(int32_t code) {
  return guard([&] { check(MPI_Abort(MPI_COMM_WORLD, code)); });
}

int32_t e3m_library_version(char* text, int32_t capacity) {
  return guard([&] {
    char version[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    int length = 0;
    check(MPI_Get_library_version(version, &length));
    copy_text(version, text, capacity);
  });
}

int32_t e3m_processor_name(char* text, int32_t capacity) {
  return guard([&] {
    char name[MPI_MAX_PROCESSOR_NAME] = "";
    int length = 0;
    check(MPI_Get_processor_name(name, &length));
    copy_text(name, text, capacity);
  });
}

int32_t e3m_cuda_support(int32_t* supported) {
  *supported = 0;
  return guard([&] {
#ifdef E3M_CUDA_QUERY
    *supported = MPIX_Query_cuda_support() != 0;
#endif
  });
}

int32_t e3m_comm_world(e3m_comm* world) {
  *world = 0;
  return guard([&] { *world = widen<MPI_Comm>(MPI_COMM_WORLD, MPI_COMM_NULL); });
}

int32_t e3m_comm_rank(e3m_comm comm, int32_t* rank) {
  *rank = 0;
  return guard([&] { check(MPI_Comm_rank(comm_of(comm), rank)); });
}

int32_t e3m_comm_size(e3m_comm comm, int32_t* size) {
  *size = 0;
  return guard([&] { check(MPI_Comm_size(comm_of(comm), size)); });
}

int32_t e3m_comm_split(e3m_comm comm, int32_t color, int32_t key, e3m_comm* group) {
  *group = 0;
  return guard([&] {
    MPI_Comm made = MPI_COMM_NULL;
    check(MPI_Comm_split(comm_of(comm), color, key, &made));
    *group = widen<MPI_Comm>(made, MPI_COMM_NULL);
  });
}

int32_t e3m_comm_local_rank(e3m_comm comm, int32_t* rank) {
  *rank = 0;
  return guard([&] {
    int key = 0;
    check(MPI_Comm_rank(comm_of(comm), &key));
    MPI_Comm node = MPI_COMM_NULL;
    check(MPI_Comm_split_type(comm_of(comm), MPI_COMM_TYPE_SHARED, key, MPI_INFO_NULL, &node));
    check(MPI_Comm_rank(node, rank));
    check(MPI_Comm_free(&node));
  });
}

int32_t e3m_comm_dup(e3m_comm comm, e3m_comm* copy) {
  *copy = 0;
  return guard([&] {
    MPI_Comm made = MPI_COMM_NULL;
    check(MPI_Comm_dup(comm_of(comm), &made));
    *copy = widen<MPI_Comm>(made, MPI_COMM_NULL);
  });
}

int32_t e3m_comm_free(e3m_comm comm) {
  return guard([&] {
    MPI_Comm freed = comm_of(comm);
    check(MPI_Comm_free(&freed));
  });
}

int32_t e3m_allreduce(e3m_comm comm, void* data, int32_t count, int32_t type, int32_t op) {
  return guard([&] {
    check(MPI_Allreduce(MPI_IN_PLACE, data, count, reducible_type_of(type), op_of(op, type), comm_of(comm)));
  });
}

int32_t e3m_ibarrier(e3m_comm comm, e3m_request* request) {
  return start(request, [&](MPI_Request* started) { return MPI_Ibarrier(comm_of(comm), started); });
}

int32_t e3m_ibcast(e3m_comm comm, void* data, int32_t count, int32_t type, int32_t root, e3m_request* request) {
  return start(request,
               [&](MPI_Request* started) { return MPI_Ibcast(data, count, type_of(type), root, comm_of(comm), started); });
}

int32_t e3m_iallreduce(e3m_comm comm, void* data, int32_t count, int32_t type, int32_t op, e3m_request* request) {
  return start(request, [&](MPI_Request* started) {
    return MPI_Iallreduce(MPI_IN_PLACE, data, count, reducible_type_of(type), op_of(op, type), comm_of(comm), started);
  });
}

int32_t e3m_ireduce(e3m_comm comm, const void* data, void* result, int32_t count, int32_t type, int32_t op, int32_t root,
                    e3m_request* request) {
  return start(request, [&](MPI_Request* started) {
    return MPI_Ireduce(data, result, count, reducible_type_of(type), op_of(op, type), root, comm_of(comm), started);
  });
}

int32_t e3m_ireduce_scatter_block(e3m_comm comm, const void* data, void* result, int32_t count, int32_t type, int32_t op,
                                  e3m_request* request) {
  return start(request, [&](MPI_Request* started) {
    return MPI_Ireduce_scatter_block(data, result, count, reducible_type_of(type), op_of(op, type), comm_of(comm), started);
  });
}

int32_t e3m_iallgather(e3m_comm comm, const void* data, void* result, int32_t count, int32_t type, e3m_request* request) {
  return start(request, [&](MPI_Request* started) {
    const MPI_Datatype datatype = type_of(type);
    int rank = 0, bytes = 0;
    check(MPI_Comm_rank(comm_of(comm), &rank));
    check(MPI_Type_size(datatype, &bytes));
    const char* own_block = static_cast<const char*>(result) + static_cast<int64_t>(rank) * count * bytes;
    const void* source = data == own_block ? MPI_IN_PLACE : data;
    return MPI_Iallgather(source, count, datatype, result, count, datatype, comm_of(comm), started);
  });
}

int32_t e3m_isend(e3m_comm comm, const void* data, int32_t count, int32_t type, int32_t destination, int32_t tag,
                  e3m_request* request) {
  return start(request, [&](MPI_Request* started) {
    return MPI_Isend(data, count, type_of(type), destination, tag, comm_of(comm), started);
  });
}

int32_t e3m_irecv(e3m_comm comm, void* data, int32_t count, int32_t type, int32_t source, int32_t tag, e3m_request* request) {
  return start(request, [&](MPI_Request* started) {
    return MPI_Irecv(data, count, type_of(type), source, tag, comm_of(comm), started);
  });
}

int32_t e3m_test(e3m_request* request, int32_t type, int32_t* done, int64_t* received) {
  *done = 0;
  *received = -1;
  return guard([&] {
    MPI_Request tested = narrow<MPI_Request>(*request, MPI_REQUEST_NULL);
    MPI_Status status;
    int flag = 0;
    const int code = MPI_Test(&tested, &flag, &status);
    // A failed request is over too: MPI has freed it or never will complete it.
    *request = code == MPI_SUCCESS ? widen<MPI_Request>(tested, MPI_REQUEST_NULL) : 0;
    check(code);
    if (!flag) return;
    int count = MPI_UNDEFINED;
    check(MPI_Get_count(&status, type_of(type), &count));
    *received = count == MPI_UNDEFINED ? -1 : count;
    *done = 1;
  });
}
