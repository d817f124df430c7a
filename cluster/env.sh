# Hints for a cluster, to be sourced before sbatch, mpirun or e3scale:  . cluster/env.sh
# Every line has the reason and says when it is right. What is set already stays as it is. docs/cluster.md tells more.
# shellcheck shell=bash

# --- threads ---------------------------------------------------------------------------------------------------------
# Threads of a rank that wait give up the core: data loading and the MPI progress thread share it. (Set by e3scale too.)
export OMP_WAIT_POLICY="${OMP_WAIT_POLICY:-passive}" GOMP_SPINCOUNT="${GOMP_SPINCOUNT:-10000}"
# Memory in pages of 2 MiB where the kernel lends them on request (/sys/kernel/mm/transparent_hugepage/enabled: madvise or always): ranks of
# one node hold each other up less when they touch new memory. (Set by e3scale in ranks that it starts.)
export GLIBC_TUNABLES="${GLIBC_TUNABLES:-glibc.malloc.hugetlb=1}"
# Threads of a rank. Under Slurm: the cores it asked for. Elsewhere e3scale divides the cores of the machine.
if [ -n "${SLURM_CPUS_PER_TASK:-}" ]; then
  export OMP_NUM_THREADS="${OMP_NUM_THREADS:-$SLURM_CPUS_PER_TASK}"
fi

# --- binding ---------------------------------------------------------------------------------------------------------
# Let Slurm bind each rank to its own cores. srun reads SLURM_CPU_BIND; with fewer cores than ranks set it to none.
export SLURM_CPU_BIND="${SLURM_CPU_BIND:-cores}"
# Since Slurm 22.05 srun no longer takes this from sbatch by itself.
if [ -n "${SLURM_CPUS_PER_TASK:-}" ]; then
  export SRUN_CPUS_PER_TASK="${SRUN_CPUS_PER_TASK:-$SLURM_CPUS_PER_TASK}"
fi
# Ranks that own their cores wait for messages without giving them up: the least latency. Never with more ranks than cores.
# export E3SCALE_MPI_SPIN=1

# --- UCX (MPICH always, Open MPI on InfiniBand) ------------------------------------------------------------------------
# UCX must not take SIGSEGV and SIGFPE: .NET turns them into exceptions. (Set by e3scale in every rank, whatever stands here.)
export UCX_ERROR_SIGNALS=
# Shared memory within a node, InfiniBand between nodes, GPU copies where there are GPUs.
# export UCX_TLS=sm,self,rc,cuda_copy,cuda_ipc
# The adapter, where a node has several of different kinds: ibv_devinfo lists them.
# export UCX_NET_DEVICES=mlx5_0:1

# --- CUDA-aware MPI ----------------------------------------------------------------------------------------------------
# Device pointers may go straight to MPI only when the library was built for it:
#   ompi_info --parsable --all | grep mpi_built_with_cuda_support:value      Open MPI
#   MPIR_CVAR_ENABLE_GPU=1 and a build --with-cuda                           MPICH
# Open MPI over UCX:
# export OMPI_MCA_pml=ucx OMPI_MCA_osc=ucx
# MPICH:
# export MPIR_CVAR_ENABLE_GPU=1

# --- NCCL --------------------------------------------------------------------------------------------------------------
# The network that NCCL uses between nodes; without it NCCL may pick the management network.
# export NCCL_SOCKET_IFNAME=ib0
# export NCCL_IB_HCA=mlx5

# --- faults ------------------------------------------------------------------------------------------------------------
# A rank that waits longer than this for the others ends the job: the only thing that finds a pulled cable under MPICH. More than the
# longest time in which one rank works alone, such as writing a large checkpoint. 0 waits for ever.
export E3SCALE_MPI_TIMEOUT_SECONDS="${E3SCALE_MPI_TIMEOUT_SECONDS:-1800}"
# A core file of a rank is as large as the rank.
ulimit -c 0
