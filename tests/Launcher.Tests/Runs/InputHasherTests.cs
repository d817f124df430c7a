using E3Scale.Launcher.Recipes;
using E3Scale.Launcher.Runs;

namespace E3Scale.Launcher.Tests.Runs;

public class InputHasherTests
{
    [Fact]
    public void Finish_SameInputs_SameHash() => Assert.Equal(HashOf(new StoreSection()), HashOf(new StoreSection()));

    [Fact]
    public void Finish_OtherField_OtherHash() => Assert.NotEqual(HashOf(new StoreSection()), HashOf(new StoreSection { TopK = 11 }));

    [Fact]
    public void Add_ValueOfWhichNothingWouldBeWritten_Throws() => Assert.Throws<ArgumentException>(() => new InputHasher("a", 1).Add("target", new { Drop = 2 }));

    [Fact]
    public void Add_FieldLeftOut_DoesNotCount()
    {
        string Hash(int topK) => new InputHasher("a", 1).Add("store", new StoreSection { TopK = topK }, "top_k").Finish();

        Assert.Equal(Hash(10), Hash(11));
        Assert.NotEqual(Hash(10), HashOf(new StoreSection()));
    }

    [Fact]
    public void Finish_OtherVersion_OtherHash() => Assert.NotEqual(new InputHasher("a", 1).Finish(), new InputHasher("a", 2).Finish());

    [Fact]
    public void AddFiles_ContentChanges_OtherHash()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("model/config.json", "{}");
        string before = new InputHasher("a", 1).AddFiles(Path.GetDirectoryName(path)!).Finish();
        folder.File("model/config.json", "[]");

        Assert.NotEqual(before, new InputHasher("a", 1).AddFiles(Path.GetDirectoryName(path)!).Finish());
    }

    [Fact]
    public void AddFiles_FileMovesBetweenNames_OtherHash()
    {
        using var first = new TemporaryFolder();
        using var second = new TemporaryFolder();
        first.File("a", "x");
        second.File("b", "x");

        Assert.NotEqual(new InputHasher("s", 1).AddFiles(first.Path).Finish(), new InputHasher("s", 1).AddFiles(second.Path).Finish());
    }

    [Fact]
    public void AddFiles_NothingThere_NamesThePath()
    {
        var error = Assert.Throws<RunFolderException>(() => new InputHasher("a", 1).AddFiles("/nowhere/model"));

        Assert.Contains("/nowhere/model", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AddUpstream_NotDone_Throws()
    {
        using var folder = new TemporaryFolder();

        Assert.Throws<RunFolderException>(() => new InputHasher("a", 1).AddUpstream(new RunFolder(folder.Path), "store"));
    }

    private static string HashOf(StoreSection section) => new InputHasher("capture", 1).Add("store", section).Finish();
}
