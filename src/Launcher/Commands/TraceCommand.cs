using System.CommandLine;
using E3Scale.Launcher.Ranks;
using E3Scale.Launcher.Recipes;
using E3Scale.MoE.Tracing;
using TorchSharp;

namespace E3Scale.Launcher.Commands;

/// <summary><c>e3scale trace</c>: runs a model on one batch and writes everything it computes on the way.</summary>
internal static class TraceCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var model = new Option<string>("--model") { Description = "Hugging Face folder of the model.", Required = true };
        var input = new Option<string>("--input")
        {
            Description = "Safetensors file with the integer tensor input_ids [batch, positions].",
            Required = true,
        };
        var output = new Option<string>("--output") { Description = "Safetensors file to write.", Required = true };
        var skipLayers = new Option<int[]>("--skip-layers")
        {
            Description = "Layers to leave out, counted from 0, with commas between: 1,3.",
            DefaultValueFactory = _ => [],
            CustomParser = parsed => CommaList.Read(parsed, int.Parse),
        };
        var gradients = new Option<string[]>("--gradients")
        {
            Description = "Tensors, by Hugging Face name, whose gradient of the loss is written, with commas between.",
            DefaultValueFactory = _ => [],
            CustomParser = parsed => CommaList.Read(parsed, name => name),
        };
        var dtype = new Option<ComputeType>("--dtype") { Description = "fp32 or bf16.", DefaultValueFactory = _ => ComputeType.Fp32 };

        var command = new Command("trace", "Runs a model on one batch and writes logits, hidden states, routing, loss and gradients.")
        {
            model, input, output, skipLayers, gradients, dtype,
        };
        command.SetAction(parsed =>
        {
            ModelTrace.Write(new TraceOptions
            {
                ModelFolder = parsed.GetRequiredValue(model),
                InputFile = parsed.GetRequiredValue(input),
                OutputFile = parsed.GetRequiredValue(output),
                SkipLayers = parsed.GetRequiredValue(skipLayers),
                Gradients = parsed.GetRequiredValue(gradients),
                DType = parsed.GetValue(dtype) == ComputeType.Bf16 ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32,
            });
            return ExitCode.Success;
        });
        return command;
    }
}
