using System.Text.Json;
using System.Text.Json.Nodes;

namespace E3Scale.MoE;

/// <summary>
/// Writes a model folder that any Hugging Face loader reads, with some layers of its source left out and the others renumbered.
/// </summary>
/// <remarks>
/// Ranks write at the same time into a folder beside the target: one rank calls <see cref="Prepare"/>; after a barrier every rank calls
/// <see cref="WriteShards"/> with the weights it owns; after another barrier one rank calls <see cref="Finish"/>, which names the shards,
/// adds index, config and tokenizer, and renames the folder into place. docs/formats/pruning-json.md describes pruning.json.
/// </remarks>
public sealed class CheckpointExporter : IDisposable
{
    private const int MaxConfigBytes = 1 << 24;
    private const string PruningFile = "pruning.json";
    private const string PartPrefix = "part-";
    private const string QuantizationField = "quantization_config";

    // What a loader needs beside weights and config. Python files are those that a config's auto_map names.
    private static readonly string[] CopiedFiles =
    [
        "tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "chat_template*",
        "generation_config.json", "configuration_*.py", "modeling_*.py", "tokenization_*.py", "LICENSE*", "NOTICE*",
    ];

    private readonly ExportOptions _options;
    private readonly ModelFolder _folder;
    private readonly ModelFamily _family;
    private readonly JsonObject _sourceConfig;
    private readonly DecoderConfig _teacher;
    private readonly ExportLayout _layout;
    private readonly Lazy<HuggingFaceCheckpoint?> _source;
    private readonly string[] _otherFiles;
    private readonly string _target;
    private readonly string _partial;

    /// <summary>Reads the source's config and checks the options.</summary>
    /// <param name="options">What to write.</param>
    /// <exception cref="CheckpointException">The source's config is missing or wrong.</exception>
    /// <exception cref="ArgumentException">Layers do not ascend or do not exist, or the architecture cannot do with those that are left.</exception>
    public CheckpointExporter(ExportOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxShardBytes);
        _options = options;
        _folder = new ModelFolder(options.SourceFolder);
        string configPath = _folder.Resolve(ModelFolder.ConfigFile, "a model folder");
        if (_folder.Has(StreamPatch.FileName))
            throw new CheckpointException(
                $"{_folder.Path}: has {StreamPatch.FileName}, which an export would leave behind. Export its run again with other settings.");
        (_, _sourceConfig) = CheckpointJson.ReadObject(configPath, MaxConfigBytes);
        _family = ModelFamilies.For(_sourceConfig, configPath);
        JsonElement config = JsonSerializer.SerializeToElement(_sourceConfig);
        _teacher = _family.ParseConfig(config, configPath);
        DecoderWeights.RequirePlausibleCount(_teacher, configPath);
        // What cannot be expressed or copied fails now, not when all is written.
        _otherFiles = [.. CopiedFiles.SelectMany(pattern => Directory.EnumerateFiles(_folder.Path, pattern)).Distinct()
            .Select(path => _folder.Resolve(Path.GetFileName(path), "the source folder"))];
        _ = _family.PruneConfig(_sourceConfig, options.KeptLayers, dropped: options.DroppedBranches);
        LayerNumbering numbering = new(options.KeptLayers, _teacher.LayerCount, options.KeepsPrediction);
        _layout = new ExportLayout(
            _teacher, _family.Names, numbering, _family.PredictionLayerCount(config, configPath), options.Weights,
            BlockQuantization.Read(new ConfigReader(config, configPath)));
        // A model that was trained from scratch has no weights to compare with, or to copy.
        _source = new Lazy<HuggingFaceCheckpoint?>(() => _folder.Has(ModelFolder.IndexFile) || _folder.Has(ModelFolder.WeightsFile)
            ? HuggingFaceCheckpoint.Open(options.SourceFolder)
            : null);
        _target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(options.TargetFolder));
        _partial = _target + ".partial";
    }

    /// <summary>What the export's types changed in the weights of all parts; complete after <see cref="Finish"/>.</summary>
    public ExportRounding Rounding { get; } = new();

    /// <summary>
    /// Patches of the residual stream by their names in the source, float32 [H, H]; <see cref="Finish"/> writes them to a file of their own beside the
    /// weights (<see cref="StreamPatch.FileName"/>). They stay the caller's. Default none.
    /// </summary>
    public IReadOnlyDictionary<string, TorchSharp.torch.Tensor> Patches { get; set; } = new Dictionary<string, TorchSharp.torch.Tensor>();

    /// <summary>Whether the export has multi-token-prediction layers: they are kept, and the source has some.</summary>
    public bool HasPrediction => _options.KeepsPrediction && _source.Value is { } source
        && source.AllTensorNames.Any(name => RoleOf(name) == TensorRole.Prediction);

    /// <summary>All three steps, for a caller that holds the whole model.</summary>
    /// <param name="tensors">Every weight of the kept layers, of the embedding, the final norm and the head.</param>
    /// <exception cref="CheckpointException">See the steps.</exception>
    public void Export(IEnumerable<ExportTensor> tensors)
    {
        Prepare();
        WriteShards(0, tensors);
        Finish();
    }

    /// <summary>Makes the folder that ranks write into; called by one rank before the others write.</summary>
    /// <exception cref="CheckpointException">The target holds something that is not an export, or the folder cannot be made.</exception>
    public void Prepare() => Guard(() =>
    {
        bool replaceable = !Directory.Exists(_target) || File.Exists(Path.Combine(_target, PruningFile));
        if (!replaceable && Directory.EnumerateFileSystemEntries(_target).Any())
            throw new CheckpointException(
                $"{_target}: the folder has files and no {PruningFile}, so no export wrote it. Name another folder or empty it.");
        if (Directory.Exists(_partial))
            Directory.Delete(_partial, recursive: true);
        Directory.CreateDirectory(_partial);
    });

    /// <summary>The source's own tensors, for an export without a model in memory: one rank's share of all that the export has.</summary>
    /// <param name="rank">0-based rank.</param>
    /// <param name="ranks">Ranks that share the work.</param>
    /// <returns>Tensors in the order of their bytes; every rank's share has about as many.</returns>
    /// <exception cref="CheckpointException">The source has no weights, or a file of it cannot be read.</exception>
    public IEnumerable<ExportTensor> SourceTensors(int rank, int ranks) =>
        SourceTensors(RequireSource().AllTensorNames.Where(IsCopied), rank, ranks);

    /// <summary>The source's multi-token-prediction layers, if they are kept: one rank's share.</summary>
    /// <param name="rank">0-based rank.</param>
    /// <param name="ranks">Ranks that share the work.</param>
    /// <returns>Tensors; none when the source has no such layers.</returns>
    /// <exception cref="CheckpointException">A file of the source cannot be read.</exception>
    public IEnumerable<ExportTensor> PredictionTensors(int rank, int ranks) => _options.KeepsPrediction && _source.Value is { } source
        ? SourceTensors(source.AllTensorNames.Where(name => IsCopied(name) && RoleOf(name) == TensorRole.Prediction), rank, ranks)
        : [];

    /// <summary>
    /// Tensors of dropped branches, which a model in memory does not have and which loaders ask for all the same: one rank's share. Those that the
    /// branch's output is proportional to are zeros, the others the source's.
    /// </summary>
    /// <param name="rank">0-based rank.</param>
    /// <param name="ranks">Ranks that share the work.</param>
    /// <returns>Tensors; none where all kept layers are whole.</returns>
    /// <exception cref="CheckpointException">A file of the source cannot be read, or it has no weights.</exception>
    public IEnumerable<ExportTensor> BranchTensors(int rank, int ranks)
    {
        DecoderConfig student = _teacher.Without(_options.DroppedBranches);
        return student.DroppedBranches.IsEmpty ? [] : SourceTensors(RequireSource().AllTensorNames.Where(
            name => _layout.Includes(name) && _layout.Weights.TryGetValue(name, out WeightShape? weight) && weight.Role is { } role
                && weight.Layer < _teacher.LayerCount && !student.BranchesOf(weight.Layer).HasFlag(role.BranchOf())), rank, ranks);
    }

    /// <summary>Writes one rank's weights, in as many files as the largest shard size asks for.</summary>
    /// <param name="part">Number of the rank; every call has its own.</param>
    /// <param name="tensors">Weights that no other part writes.</param>
    /// <exception cref="ArgumentException">A weight's layer is not kept, or the weight is not of its announced shape.</exception>
    /// <exception cref="CheckpointException">A file cannot be written.</exception>
    public void WriteShards(int part, IEnumerable<ExportTensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        ExportPart writer = new(_layout, _source.Value, _options.MaxShardBytes, shard => PartPath($"{part:D5}-{shard:D5}.safetensors"));
        writer.Write(tensors);
        Guard(() => writer.Rounding.WriteNote(PartPath($"{part:D5}.json")));
    }

    /// <summary>
    /// Names the shards, adds everything else and puts the folder in its place; called by one rank after all have written.
    /// </summary>
    /// <exception cref="CheckpointException">
    /// Weights are missing, written twice or of another shape than the source's, or a file cannot be written.
    /// </exception>
    public void Finish() => Guard(() =>
    {
        List<(string Path, IReadOnlyList<TensorEntry> Entries)> shards = ReadParts();
        CheckComplete(shards.SelectMany(shard => shard.Entries));
        WriteIndex(shards);
        TakeNotes();
        CheckpointJson.Write(Path.Combine(_partial, ModelFolder.ConfigFile), PrunedConfig());
        CheckpointJson.Write(Path.Combine(_partial, PruningFile), PruningRecord());
        CopyOtherFiles();
        if (Patches.Count > 0)
            SafetensorsWriter.Save(
                Path.Combine(_partial, StreamPatch.FileName), Patches.ToDictionary(patch => ExportedName(patch.Key), patch => patch.Value, StringComparer.Ordinal));
        if (Directory.Exists(_target))
            Directory.Delete(_target, recursive: true);
        Directory.Move(_partial, _target);
    });

    /// <summary>Name that a weight of the source has in the exported model.</summary>
    /// <param name="name">Its name in the source.</param>
    /// <exception cref="ArgumentException">Its layer is not kept.</exception>
    public string ExportedName(string name) => _layout.NameOf(name);

    /// <summary>Closes the source.</summary>
    public void Dispose()
    {
        if (_source.IsValueCreated)
            _source.Value?.Dispose();
    }

    private HuggingFaceCheckpoint RequireSource() => _source.Value
        ?? throw new CheckpointException($"{_options.SourceFolder}: neither {ModelFolder.IndexFile} nor {ModelFolder.WeightsFile}; there is nothing to export.");

    private TensorRole RoleOf(string name) => TensorRoles.Of(_family.Names, _teacher.LayerCount, name);

    /// <summary>Whether a tensor of the source is one of its own in the export: scales go with their weights.</summary>
    private bool IsCopied(string name) => _layout.Includes(name) && !IsScale(name)
        && (_options.Weights == WeightFormat.Keep || RoleOf(name) is not (TensorRole.RotaryTable or TensorRole.Scale));

    private bool IsScale(string name)
    {
        if (!name.EndsWith(TensorRoles.ScaleSuffix, StringComparison.Ordinal))
            return false;
        string weight = name[..^TensorRoles.ScaleSuffix.Length];
        return RequireSource().Contains(weight) && RequireSource().TypeOf(weight).IsFp8();
    }

    /// <summary>Shares tensors out by bytes, in consecutive pieces of the files, so that every rank reads in order.</summary>
    private IEnumerable<ExportTensor> SourceTensors(IEnumerable<string> names, int rank, int ranks)
    {
        HuggingFaceCheckpoint source = RequireSource();
        var located = names.Select(source.Locate).OrderBy(tensor => tensor.File.Path, StringComparer.Ordinal).ThenBy(tensor => tensor.Entry.Offset).ToList();
        long total = located.Sum(tensor => tensor.Entry.ByteCount), before = 0;
        foreach ((_, TensorEntry entry) in located)
        {
            // The rank that holds the tensor's middle byte; 128 bits, since bytes times ranks may not fit in 64.
            int owner = total == 0 ? 0 : (int)((Int128)(before + entry.ByteCount / 2) * ranks / total);
            before += entry.ByteCount;
            if (Math.Min(owner, ranks - 1) != rank)
                continue;
            if (IsZeroed(entry.Name))
                yield return new ExportTensor(entry.Name, entry.Shape, () => TorchSharp.torch.zeros([.. entry.Shape]));
            else
                yield return new ExportTensor(
                    entry.Name, entry.Shape, () => source.Load(entry.Name, [.. entry.Shape], TorchSharp.torch.ScalarType.Float32)) { IsUnchanged = true };
        }
    }

    /// <summary>Whether a tensor of the source ends a branch that goes now.</summary>
    private bool IsZeroed(string name) => _layout.Weights.TryGetValue(name, out WeightShape? weight) && weight.Role is { } role
        && !_options.DroppedBranches.LeftOf(weight.Layer).HasFlag(role.BranchOf()) && role.EndsBranch(_teacher.SandwichNorm);

    private List<(string Path, IReadOnlyList<TensorEntry> Entries)> ReadParts()
    {
        List<(string, IReadOnlyList<TensorEntry>)> shards = [];
        foreach (string path in Directory.EnumerateFiles(_partial, PartPrefix + "*.safetensors").Order(StringComparer.Ordinal))
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            shards.Add((path, file.Entries));
        }
        return shards;
    }

    /// <summary>Compares what was written with what the source has for the kept layers.</summary>
    private void CheckComplete(IEnumerable<TensorEntry> written)
    {
        Dictionary<string, TensorEntry> byName = new(StringComparer.Ordinal);
        foreach (TensorEntry entry in written)
            if (!byName.TryAdd(entry.Name, entry))
                throw new CheckpointException(
                    $"{_partial}: tensor '{entry.Name}' was written by two parts; every weight must have one owner.");
        if (_source.Value is not { } source)
            return;
        ExportPart part = new(_layout, source, _options.MaxShardBytes, shard => "");
        foreach (string name in source.AllTensorNames.Where(name => _layout.Includes(name) && !IsScale(name)))
        {
            if (!byName.ContainsKey(ExportedName(name)) && !IsRequired(name))
                continue;
            ExportTensor tensor = new(name, source.ShapeOf(name), () => throw new NotSupportedException());
            foreach (TensorDeclaration expected in part.Place(tensor).Declarations)
                CheckWritten(byName, expected, name);
        }
        if (byName.Count > 0)
            throw new CheckpointException(
                $"{_partial}: tensor '{byName.Keys.First()}' was written, but {_options.SourceFolder} has no such weight.");
    }

    private void CheckWritten(Dictionary<string, TensorEntry> byName, TensorDeclaration expected, string sourceName)
    {
        if (!byName.Remove(expected.Name, out TensorEntry? entry))
            throw new CheckpointException(
                $"{_partial}: no part wrote '{expected.Name}', which is '{sourceName}' in {_options.SourceFolder}.");
        if (!entry.Shape.SequenceEqual(expected.Shape))
            throw new CheckpointException(
                $"{_partial}: tensor '{entry.Name}' is {entry.ShapeText}, but '{sourceName}' in {_options.SourceFolder} asks for " +
                $"{TensorEntry.FormatShape(expected.Shape)}.");
    }

    /// <summary>False for what a model in memory does not have: rotary tables, scales without a weight, and the head that some tied models store all the same.</summary>
    private bool IsRequired(string name) => RoleOf(name) is TensorRole.Weight or TensorRole.Prediction
        && !(_teacher.TieWordEmbeddings && name == _family.Names.Head);

    private void WriteIndex(List<(string Path, IReadOnlyList<TensorEntry> Entries)> shards)
    {
        SortedDictionary<string, string> fileOfTensor = new(StringComparer.Ordinal);
        for (int i = 0; i < shards.Count; i++)
        {
            string file = $"model-{i + 1:D5}-of-{shards.Count:D5}.safetensors";
            File.Move(shards[i].Path, Path.Combine(_partial, file));
            foreach (TensorEntry entry in shards[i].Entries)
                fileOfTensor.Add(entry.Name, file);
        }
        CheckpointJson.Write(Path.Combine(_partial, ModelFolder.IndexFile), new JsonObject
        {
            ["metadata"] = new JsonObject { ["total_size"] = shards.Sum(shard => shard.Entries.Sum(entry => entry.ByteCount)) },
            ["weight_map"] = new JsonObject(fileOfTensor.Select(f => KeyValuePair.Create(f.Key, (JsonNode?)f.Value))),
        });
    }

    private void TakeNotes()
    {
        foreach (string path in Directory.GetFiles(_partial, PartPrefix + "*.json").Order(StringComparer.Ordinal))
        {
            Rounding.AddNote(path);
            File.Delete(path);
        }
    }

    private JsonObject PrunedConfig()
    {
        JsonObject config = _family.PruneConfig(_sourceConfig, _options.KeptLayers, HasPrediction, _options.DroppedBranches);
        if (_options.Weights == WeightFormat.Keep)
            return config;
        if (_options.Weights == WeightFormat.Fp8)
            config[QuantizationField] ??= Quantization(config);
        else
            config.Remove(QuantizationField);
        string type = _options.Weights == WeightFormat.Fp32 ? "float32" : "bfloat16";
        if (config.ContainsKey("dtype"))
            config["dtype"] = type;
        if (config.ContainsKey("torch_dtype") || !config.ContainsKey("dtype"))
            config["torch_dtype"] = type;
        return config;
    }

    /// <summary>quantization_config of a model that is quantised now: DeepSeek-V3's, and the modules that a family must except.</summary>
    private JsonObject Quantization(JsonObject pruned)
    {
        JsonObject quantization = new()
        {
            ["activation_scheme"] = "dynamic",
            ["fmt"] = "e4m3",
            ["quant_method"] = "fp8",
            ["weight_block_size"] = Integers([_layout.Blocks.BlockRows, _layout.Blocks.BlockColumns]),
        };
        DecoderConfig config = _family.ParseConfig(JsonSerializer.SerializeToElement(pruned), "config of the export");
        JsonArray exceptions = new([.. _family.UnquantizedModules(config).Select(module => (JsonNode)module)]);
        if (exceptions.Count > 0)
            quantization["modules_to_not_convert"] = exceptions;
        return quantization;
    }

    private JsonObject PruningRecord() => new()
    {
        ["version"] = 1,
        ["method"] = _options.Method,
        ["source_sha256"] = _options.SourceHash?.Invoke(),
        ["source_layers"] = _teacher.LayerCount,
        ["kept_layers"] = Integers(_options.KeptLayers),
        ["dropped_layers"] = Integers(Enumerable.Range(0, _teacher.LayerCount).Except(_options.KeptLayers)),
        ["dropped_branches"] = _options.DroppedBranches.IsEmpty ? null : _options.DroppedBranches.ToJson(),
        ["keeps_prediction"] = HasPrediction,
        ["weights"] = _options.Weights.ToString().ToLowerInvariant(),
        ["rounding_error"] = Rounding.ToJson(),
    };

    private static JsonArray Integers(IEnumerable<int> values) => new([.. values.Select(value => (JsonNode)value)]);

    private void CopyOtherFiles()
    {
        foreach (string path in _otherFiles)
            File.Copy(path, Path.Combine(_partial, Path.GetFileName(path)));
    }

    private string PartPath(string name) => Path.Combine(_partial, PartPrefix + name);

    private void Guard(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{_target}: cannot be written ({e.Message}). Free space on the disk or name another folder.", e);
        }
    }
}
