// C#: build, tests, formatting.

using System.Security.Cryptography;
using System.Xml.Linq;

readonly string testResults = System.IO.Path.Combine(artifacts, "test-results");
readonly XNamespace testSchema = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";
readonly string buildStamp = System.IO.Path.Combine(artifacts, $"build-{configuration}.stamp");

Task("Build")
    .Description("Builds everything; leaves the runnable command at artifacts/e3scale.")
    .IsDependentOn("Native")
    .Does(() =>
{
    // MSBuild needs some ten seconds to find out that nothing changed; comparing file times needs a tenth of one.
    string stamp = SourceStamp();
    if (FileExists(buildStamp) && System.IO.File.ReadAllText(buildStamp) == stamp && BuildOutputsExist())
    {
        Information("No source changed since the last build.");
        return;
    }

    Run("dotnet", "build", "E3Scale.sln", "--configuration", configuration, "--verbosity", "quiet", "-consoleLoggerParameters:Summary");
    Run("dotnet", "publish", "src/Launcher/E3Scale.Launcher.csproj", "--configuration", configuration, "--no-build",
        "--output", artifacts, "--verbosity", "quiet", "-p:PublishDocumentationFiles=false");
    System.IO.File.WriteAllText(buildStamp, stamp);
});

Task("Test")
    .Description("Builds everything and runs every test.")
    .IsDependentOn("Build")
    .Does(() =>
{
    CleanDirectory(testResults);
    // One project at a time: tests that start MPI ranks want the cores for themselves.
    int exitCode = TryRun("dotnet", "test", "E3Scale.sln", "--configuration", configuration, "--no-build", "-m:1",
        "--logger", "console;verbosity=minimal", "--logger", "trx;LogFilePrefix=tests", "--results-directory", testResults);

    var (passed, failed, skipped) = SumTestResults();
    string totals = $"{passed} passed, {failed} failed, {skipped} skipped";
    // Failures are told once more at the end, where they are seen, above the totals.
    string summary = string.Concat(FailedTests().Append(totals).Select(line => line + "\n"));
    System.IO.File.WriteAllText(System.IO.Path.Combine(testResults, "totals.txt"), summary);
    Information(summary.TrimEnd());
    if (exitCode != 0 || failed > 0)
        throw new CakeException($"Tests failed ({totals}; dotnet test ended with exit code {exitCode}).");
});

Task("Format")
    .Description("Checks the formatting of C# and, where clang-format and shellcheck are there, C++ and shell scripts; changes nothing.")
    .Does(() =>
{
    Run("dotnet", "format", "E3Scale.sln", "--verify-no-changes");
    string[] sources = [.. GetFiles($"{root}/native/**/*.{{h,cpp}}").Select(file => file.FullPath)];
    if (!OnPath("clang-format"))
        Warning("clang-format is not there: C++ was not checked.");
    else if (sources.Length > 0)
        Run("clang-format", ["--dry-run", "--Werror", .. sources]);
    if (OnPath("shellcheck"))
        Run("shellcheck", ["--external-sources", "build.sh", .. GetFiles($"{root}/cluster/**/*.{{sh,sbatch}}").Select(file => file.FullPath)]);
    else
        Warning("shellcheck is not there: shell scripts were not checked.");
});

Task("Clean")
    .Description("Deletes build outputs (artifacts, bin, obj); runs/ stays.")
    .Does(() =>
{
    DeleteFolders($"{root}/{{src,tests,benchmarks}}/*/{{bin,obj}}");
    DeleteFolders($"{artifacts}/{{native,native-build,test-results}}");
    foreach (var file in GetFiles($"{artifacts}/*"))
        DeleteFile(file);
});

void DeleteFolders(string pattern)
{
    foreach (var folder in GetDirectories(pattern))
        DeleteDirectory(folder, new DeleteDirectorySettings { Recursive = true, Force = true });
}

/// <summary>Hash over path, length and time of everything MSBuild reads: sources, projects, and the settings beside the solution.</summary>
string SourceStamp()
{
    var folders = new[] { "src", "tests", "benchmarks" }
        .Select(name => new DirectoryInfo(System.IO.Path.Combine(root, name)))
        .Where(folder => folder.Exists);
    var files = new DirectoryInfo(root).EnumerateFiles().Concat(folders.SelectMany(SourceFiles)).OrderBy(file => file.FullName, StringComparer.Ordinal);
    string listing = string.Join('\n', files.Select(file => $"{file.FullName} {file.Length} {file.LastWriteTimeUtc.Ticks}"));
    return Convert.ToHexString(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(listing)));
}

IEnumerable<FileInfo> SourceFiles(DirectoryInfo folder) => folder.EnumerateFiles().Concat(
    folder.EnumerateDirectories().Where(child => child.Name is not ("bin" or "obj" or "TestResults")).SelectMany(SourceFiles));

bool BuildOutputsExist() =>
    FileExists(System.IO.Path.Combine(artifacts, "e3scale")) &&
    GetFiles($"{root}/{{src,tests}}/*/*.csproj").All(project => DirectoryExists(project.GetDirectory().Combine($"bin/{configuration}")));

/// <summary>A line with name and message for each failed test of all .trx files.</summary>
IEnumerable<string> FailedTests()
{
    foreach (var result in GetFiles($"{testResults}/*.trx").SelectMany(file => XDocument.Load(file.FullPath).Descendants(testSchema + "UnitTestResult")))
        if ((string)result.Attribute("outcome") == "Failed")
            yield return $"FAILED {(string)result.Attribute("testName")}: {result.Descendants(testSchema + "Message").FirstOrDefault()?.Value.ReplaceLineEndings(" ")}";
}

/// <summary>Sums the counters of all .trx files. Skipped is what neither passed nor failed: VSTest leaves its own counter at 0.</summary>
(int Passed, int Failed, int Skipped) SumTestResults()
{
    var counters = GetFiles($"{testResults}/*.trx").SelectMany(file => XDocument.Load(file.FullPath).Descendants(testSchema + "Counters")).ToArray();
    int Sum(string name) => counters.Sum(counter => (int)counter.Attribute(name));
    int passed = Sum("passed");
    int failed = Sum("failed") + Sum("error") + Sum("timeout") + Sum("aborted");
    return (passed, failed, Sum("total") - passed - failed);
}
