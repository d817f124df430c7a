using E3Scale.TestSupport;

namespace E3Scale.IntegrationTests.Support;

/// <summary>
/// A DeepSeek-V3 of six narrow layers with the shipped tokenizer, some text, a recipe that prunes it in seconds, and finished runs of that
/// recipe. Everything is made by the command itself at first use, and is gone after the last test.
/// </summary>
public sealed class SmallModel : IDisposable
{
    /// <summary>Layers of the teacher.</summary>
    public const int Layers = 6;

    /// <summary>Steps of search and recovery; the first half is the search.</summary>
    public const int Steps = 24;

    private readonly Dictionary<MeshOf, string> _finishedRuns = [];
    private bool _teacherIsThere;
    private int _folders;

    /// <summary>Folder of everything.</summary>
    public string Root { get; } = Directory.CreateTempSubdirectory("e3scale-integration-").FullName;

    /// <summary>The recipe.</summary>
    public string Recipe => Path.Combine(Root, "recipe.yaml");

    /// <summary>Hugging Face folder of the teacher. Skips the test when there is no command to make it.</summary>
    public string Teacher()
    {
        string folder = Path.Combine(Root, "teacher");
        if (!_teacherIsThere)
        {
            _ = E3ScaleCommand.Require();
            WriteInputs();
            E3ScaleCommand.Run(E3ScaleCommand.RunTimeout, "pretrain", "--recipe", Path.Combine(Root, "pretrain.yaml"), "--run-dir", NewFolder())
                .Expect(0);
            _teacherIsThere = true;
        }
        return folder;
    }

    /// <summary>Path of a folder that is not there yet.</summary>
    public string NewFolder() => Path.Combine(Root, $"folder-{++_folders}");

    /// <summary>Arguments of a stage, or of a whole run, of the recipe.</summary>
    internal string[] Arguments(string command, string runFolder, MeshOf mesh, params IEnumerable<string> changes)
    {
        Teacher();
        return [command, "--recipe", Recipe, "--run-dir", runFolder, .. mesh.Arguments(), .. changes.SelectMany(change => new[] { "--set", change })];
    }

    /// <summary>Folder of an undisturbed run of the recipe. Read only: tests copy what they change.</summary>
    internal string FinishedRun(MeshOf mesh)
    {
        if (!_finishedRuns.TryGetValue(mesh, out string? folder))
        {
            folder = NewFolder();
            E3ScaleCommand.Run(E3ScaleCommand.RunTimeout, Arguments("run", folder, mesh)).Expect(0);
            _finishedRuns.Add(mesh, folder);
        }
        return folder;
    }

    /// <summary>A run folder in which only some stages are done, from an undisturbed run.</summary>
    internal string RunWith(MeshOf mesh, params string[] stageFolders)
    {
        string folder = NewFolder();
        foreach (string stage in stageFolders)
            Folders.Copy(Path.Combine(FinishedRun(mesh), stage), Path.Combine(folder, stage));
        return folder;
    }

    /// <summary>A copy of the teacher, to be damaged.</summary>
    internal string CopyOfTeacher()
    {
        string folder = NewFolder();
        Folders.Copy(Teacher(), folder);
        return folder;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private void WriteInputs()
    {
        string config = Directory.CreateDirectory(Path.Combine(Root, "config")).FullName;
        string shipped = Path.Combine(SharedData.RepositoryRoot, "models", "tiny-r1");
        foreach (string file in Directory.EnumerateFiles(shipped, "*token*.json"))
            File.Copy(file, Path.Combine(config, Path.GetFileName(file)), overwrite: true);
        File.WriteAllText(Path.Combine(config, "config.json"), Config);

        string[] prose = File.ReadAllLines(Path.Combine(SharedData.RepositoryRoot, "data", "tiny-r1", "prose-heldout.jsonl"));
        File.WriteAllLines(Path.Combine(Root, "train.jsonl"), prose[..16]);
        File.WriteAllLines(Path.Combine(Root, "heldout.jsonl"), prose[^4..]);
        File.WriteAllLines(Path.Combine(Root, "piqa.jsonl"), Enumerable.Range(0, 3).Select(i =>
            $$"""{"goal": "count to {{i}}", "sol1": "one, two and so on", "sol2": "never {{i}} times", "label": {{i % 2}}}"""));
        File.WriteAllText(Path.Combine(Root, "pretrain.yaml"), PretrainRecipe);
        File.WriteAllText(Recipe, RunRecipe);
    }

    private const string PretrainRecipe = """
        name: small-teacher
        root: .
        model: { teacher: config }
        corpus: { paths: [train.jsonl], heldout: [heldout.jsonl], sequence_length: 32 }
        search: { drop_layers: 1 }
        train: { steps: 10, batch_sequences: 4, micro_batch_sequences: 4, learning_rate: 5.0e-3, warmup_steps: 2 }
        pretrain: { config: config, output: teacher }
        """;

    private static readonly string RunRecipe = $$"""
        name: small
        root: .
        seed: 3
        model: { teacher: teacher }
        corpus:
          paths: [train.jsonl]
          heldout: [heldout.jsonl]
          sequence_length: 32
          arithmetic_share: 0.2
          arithmetic_heldout_items: 2
          max_sequences: 48
        store: { sequences_per_shard: 8, sequences_per_batch: 4 }
        importance: { sequences: 4, batch_sequences: 2 }
        search: { fraction: 0.5, drop_layers: 2 }
        train: { steps: {{Steps}}, batch_sequences: 4, micro_batch_sequences: 2, learning_rate: 1.0e-3, warmup_steps: 2 }
        checkpoint: { every_steps: 4 }
        evaluate:
          { heldout_sequences: 4, arithmetic_items: 2, max_new_tokens: 8, batch: 2, chain: { items_per_length: 1, samples: 2 }, tasks: [piqa], tasks_dir: . }
        restart: { attempts: 0 }
        """;

    private static readonly string Config = $$"""
        {
          "architectures": ["DeepseekV3ForCausalLM"],
          "model_type": "deepseek_v3",
          "attention_bias": false,
          "bos_token_id": 0,
          "eos_token_id": 1,
          "first_k_dense_replace": 1,
          "hidden_act": "silu",
          "hidden_size": 32,
          "intermediate_size": 64,
          "kv_lora_rank": 16,
          "max_position_embeddings": 256,
          "moe_intermediate_size": 16,
          "moe_layer_freq": 1,
          "n_group": 2,
          "n_routed_experts": 4,
          "n_shared_experts": 1,
          "norm_topk_prob": true,
          "num_attention_heads": 2,
          "num_experts_per_tok": 2,
          "num_hidden_layers": {{Layers}},
          "num_key_value_heads": 2,
          "num_nextn_predict_layers": 0,
          "q_lora_rank": null,
          "qk_nope_head_dim": 8,
          "qk_rope_head_dim": 8,
          "rms_norm_eps": 1e-06,
          "rope_scaling": null,
          "rope_theta": 10000.0,
          "routed_scaling_factor": 2.5,
          "scoring_func": "sigmoid",
          "tie_word_embeddings": false,
          "topk_group": 1,
          "topk_method": "noaux_tc",
          "torch_dtype": "bfloat16",
          "v_head_dim": 16,
          "vocab_size": 2048
        }
        """;
}
