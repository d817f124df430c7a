using E3Scale.Launcher.Runs;
using E3Scale.Sharding;

namespace E3Scale.Launcher.Stages;

/// <summary>Where the stages of a run leave their files; docs/formats/run-folder.md describes them.</summary>
internal static class RunFiles
{
    public const string CorpusFolder = "corpus";
    public const string StoreFolder = "store";
    public const string ImportanceFolder = "importance";
    public const string SearchFolder = "search";
    public const string CompensationFolder = "compensation";
    public const string DistillFolder = "distill";
    public const string StudentFolder = "student";
    public const string ExportFolder = "export";
    public const string EvaluateFolder = "eval";
    public const string PretrainFolder = "pretrain";

    public const string TrainCorpus = CorpusFolder + "/train.bin";
    public const string HeldOutCorpus = CorpusFolder + "/heldout.bin";
    public const string ExpertLoad = StoreFolder + "/" + Sharding.ExpertLoad.FileName;
    public const string Importance = ImportanceFolder + "/importance.json";
    public const string Mask = SearchFolder + "/mask.json";
    public const string Summary = EvaluateFolder + "/summary.json";

    /// <summary>Step of the newest whole train checkpoint in a folder of the run; 0 when there is none.</summary>
    public static long NewestCheckpoint(this RunFolder folder, string relative) => TrainCheckpoint.StepsIn(folder.In(relative)).DefaultIfEmpty().Max();

    /// <summary>Absolute path of a file or folder of the run.</summary>
    public static string In(this RunFolder folder, string relative) => Path.Combine(folder.Root, relative);
}
