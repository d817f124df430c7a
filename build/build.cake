// Entry script: ./build.sh --target=NAME [arguments]. Each theme has its own file; this one holds what they share.
// Cake makes this folder the working folder, so every path starts from `root`.

using System.Diagnostics;
using System.Runtime.InteropServices;

readonly string root = System.IO.Path.GetFullPath(System.IO.Path.Combine(Context.Environment.WorkingDirectory.FullPath, ".."));
readonly string artifacts = System.IO.Path.Combine(root, "artifacts");
readonly string configuration = Argument("configuration", "Release");

#load "processes.cake"
#load "help.cake"
#load "setup.cake"
#load "native.cake"
#load "managed.cake"
#load "tiny.cake"
#load "pipeline.cake"
#load "bench.cake"
#load "cluster.cake"
#load "chaos.cake"
#load "fuzz.cake"
#load "parity.cake"
#load "realmodels.cake"
#load "studies.cake"
#load "speed.cake"

RunTarget(CheckedTarget(Argument("target", "Help")));
