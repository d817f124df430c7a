// What must be on the machine before native code can be built. Debian's packages are installed when this process may do so.

/// <summary>One thing the build needs: what it is for, how to see that it is there, which Debian packages bring it.</summary>
record Requirement(string Name, Func<bool> IsPresent, params string[] Packages);

readonly bool hasOwnTorch = !string.IsNullOrEmpty(EnvironmentVariable("Torch_DIR"));

readonly Requirement[] requirements =
[
    new("CMake", () => OnPath("cmake"), "cmake"),
    new("a C++17 compiler", () => OnPath("g++") || OnPath("clang++"), "g++"),
    new("Ninja or make", () => OnPath("ninja") || OnPath("make"), "ninja-build"),
    new("libtorch", () => hasOwnTorch || PackageInstalled("libtorch-dev"), "libtorch-dev"),
    // With the reference BLAS, on which libtorch-dev depends, matrix products are some 20 times slower.
    new("OpenBLAS", () => hasOwnTorch || PackageInstalled("libopenblas0-openmp"), "libopenblas0-openmp"),
    // libtorch uses it too; its headers let products of bfloat16 do so without libtorch between.
    new("oneDNN", () => hasOwnTorch || PackageInstalled("libdnnl-dev"), "libdnnl-dev"),
    new("MPI (Open MPI or MPICH, with compiler wrapper)", HasMpi, "libopenmpi-dev", "openmpi-bin"),
    // Open MPI's mpirun does not start without one, even when all ranks are on this machine.
    new("a remote shell", () => OnPath("ssh") || OnPath("rsh"), "openssh-client"),
    new("Zstandard", () => NativeLibrary.TryLoad("libzstd.so.1", out _), "libzstd1"),
];

Task("Setup")
    .Description("Checks for compilers, libtorch, OpenBLAS, oneDNN and MPI; installs what is missing with apt-get when it may.")
    .Does(() =>
{
    var missing = requirements.Where(requirement => !requirement.IsPresent()).ToArray();
    if (missing.Length == 0)
    {
        Information("Everything is there: {0}.", string.Join(", ", requirements.Select(requirement => requirement.Name)));
        return;
    }

    Information("Missing: {0}.", string.Join(", ", missing.Select(requirement => requirement.Name)));
    InstallPackages([.. missing.SelectMany(requirement => requirement.Packages)]);

    var stillMissing = missing.Where(requirement => !requirement.IsPresent()).ToArray();
    if (stillMissing.Length > 0)
        throw new CakeException($"Installed, but still not found: {string.Join(", ", stillMissing.Select(requirement => requirement.Name))}.");
});

void InstallPackages(string[] packages)
{
    string installLine = $"apt-get update && apt-get install --yes --no-install-recommends {string.Join(' ', packages)}";
    if (!OnPath("apt-get"))
        throw new CakeException(
            "This is not a Debian system, so nothing was installed. Install what is missing by the means of this system " +
            $"(on Debian 12: {installLine}); for a libtorch of your own set Torch_DIR to its share/cmake/Torch folder.");

    string[] asRoot = Capture("id", "-u").Output == "0" ? [] : ["sudo", "-n"];
    if (asRoot.Length > 0 && Capture("sudo", "-n", "true").ExitCode != 0)
        throw new CakeException($"Neither root nor sudo without a password. Please run this, then start again:\n  sudo sh -c '{installLine}'");

    RunAs(asRoot, ["apt-get", "update", "--quiet"]);
    RunAs(asRoot, ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "--yes", "--quiet", "--no-install-recommends", .. packages]);
}

void RunAs(string[] prefix, string[] command)
{
    string[] line = [.. prefix, .. command];
    Run(line[0], line[1..]);
}

bool PackageInstalled(string package) => Capture("dpkg-query", "--show", "--showformat=${db:Status-Status}", package).Output == "installed";

// A wrapper without its mpirun (or the other way round) is half an installation.
bool HasMpi() =>
    (OnPath("mpicc.openmpi") && OnPath("mpirun.openmpi")) || (OnPath("mpicc.mpich") && OnPath("mpirun.mpich")) || (OnPath("mpicc") && OnPath("mpirun"));
