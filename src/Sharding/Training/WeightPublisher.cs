using E3Scale.Kernels;
using E3Scale.Mpi;

namespace E3Scale.Sharding;

/// <summary>Brings master weights into the model: from here, and, where states are sharded, from the ranks that hold them.</summary>
/// <remarks>
/// Weights travel rounded to the model's type, through the memory of the gradients, which are used up by then: no further buffer. Gathering one
/// bucket goes on while the next is prepared.
/// </remarks>
internal static unsafe class WeightPublisher
{
    /// <summary>Writes every trainable weight of this rank and clears its gradients. Collective over the groups of the regions.</summary>
    /// <param name="state">Its gradients are lost.</param>
    /// <param name="prepare">Called for each bucket before its weights are read: the place for an update.</param>
    public static void Publish(TrainableState state, Action<ParameterRegion, IReadOnlyList<StatePiece>>? prepare = null)
    {
        foreach (var region in state.Regions)
        {
            var transfers = new List<(GradientBucket Bucket, Request Request)>();
            foreach (var bucket in region.Buckets)
            {
                var held = region.IsSharded ? bucket.Own : bucket.All;
                prepare?.Invoke(region, held);
                if (region.IsSharded)
                    transfers.Add((bucket, StartGather(region, bucket)));
                else if (!region.IsMasterTheModel)
                    foreach (var piece in held)
                        ParameterValues.Write(piece.Parameter, piece.Start, region.Master(piece));
            }
            foreach (var (bucket, request) in transfers)
            {
                request.Wait();
                Receive(region, bucket);
            }
            region.ClearGradients();
        }
    }

    private static Request StartGather(ParameterRegion region, GradientBucket bucket)
    {
        int block = region.BlockOf(bucket);
        nint gathered = region.Gradient.Address(bucket.Offset);
        nint ownPlace = gathered + ((nint)region.Group.Rank * block * region.GatherType.ByteSize());
        foreach (var piece in bucket.Own)
        {
            int first = (int)(piece.FlatOffset - region.OwnFlatOffset(bucket));
            if (region.GatherType == MpiDataType.BFloat16)
                BFloat16Rows.Narrow(region.Master(piece), new Span<ushort>((ushort*)ownPlace + first, piece.Count));
            else
                region.Master(piece).CopyTo(new Span<float>((float*)ownPlace + first, piece.Count));
        }
        return region.Group.IAllGather(ownPlace, gathered, block, region.GatherType);
    }

    private static void Receive(ParameterRegion region, GradientBucket bucket)
    {
        nint gathered = region.Gradient.Address(bucket.Offset);
        foreach (var piece in bucket.All)
        {
            int first = (int)(piece.FlatOffset - bucket.Offset);
            if (region.GatherType == MpiDataType.BFloat16)
                ParameterValues.Write(piece.Parameter, piece.Start, new ReadOnlySpan<ushort>((ushort*)gathered + first, piece.Count));
            else
                ParameterValues.Write(piece.Parameter, piece.Start, new ReadOnlySpan<float>((float*)gathered + first, piece.Count));
        }
    }
}
