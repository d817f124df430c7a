using E3Scale.Launcher.Ranks;

namespace E3Scale.Launcher.Tests.Ranks;

public class RankEnvironmentTests
{
    [Fact]
    public void For_Defaults_SaysThreadsWorldSizeAndLibrary()
    {
        Dictionary<string, string> variables = For([]);

        Assert.Equal("3", variables["OMP_NUM_THREADS"]);
        Assert.Equal("passive", variables["OMP_WAIT_POLICY"]);
        Assert.Equal("10000", variables["GOMP_SPINCOUNT"]);
        Assert.Equal("glibc.malloc.hugetlb=1", variables["GLIBC_TUNABLES"]);
        Assert.Equal("4", variables["E3SCALE_WORLD_SIZE"]);
        Assert.Equal("mpich", variables["E3SCALE_MPI_LIBRARY"]);
        Assert.Equal("1", variables["E3SCALE_LAUNCHED"]);
    }

    [Fact]
    public void For_UserSetThreads_KeepsThem() => Assert.Equal("8", For(new() { ["OMP_NUM_THREADS"] = "8" })["OMP_NUM_THREADS"]);

    [Fact]
    public void For_OwnVariables_AreHandedOn_OthersNot()
    {
        Dictionary<string, string> variables = For(new() { ["E3SCALE_MPI_TIMEOUT_SECONDS"] = "60", ["HOME"] = "/root", ["UCX_TLS"] = "rc", ["NCCL_IB_HCA"] = "mlx5", ["DOTNET_ROOT"] = "/opt/dotnet" });

        Assert.Equal("60", variables["E3SCALE_MPI_TIMEOUT_SECONDS"]);
        Assert.Equal("/opt/dotnet", variables["DOTNET_ROOT"]);
        Assert.Equal(("rc", "mlx5"), (variables["UCX_TLS"], variables["NCCL_IB_HCA"]));
        Assert.DoesNotContain("HOME", variables);
    }

    // Ranks with different kernels would sum in different orders: what chooses them on one host chooses them on all.
    // What stands in the user's environment goes before the launcher's own defaults.
    [Theory]
    [InlineData("OPENBLAS_CORETYPE", "Haswell")]
    [InlineData("MKL_ENABLE_INSTRUCTIONS", "AVX2")]
    [InlineData("ONEDNN_MAX_CPU_ISA", "AVX2")]
    [InlineData("GLIBC_TUNABLES", "glibc.malloc.hugetlb=0")]
    public void For_WhatUserSetForLibraries_IsHandedOn(string name, string value) => Assert.Equal(value, For(new() { [name] = value })[name]);

    private static Dictionary<string, string> For(Dictionary<string, string> current) =>
        RankEnvironment.For(current, MpiImplementation.Mpich, rankCount: 4, threadsPerRank: 3, progressToFile: false);
}
