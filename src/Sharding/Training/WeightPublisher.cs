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
    /// <summary>An update of what this rank holds, before it is published.</summary>
    /// <param name="region">Where the piece is.</param>
    /// <param name="piece">What to update.</param>
    /// <param name="rounded">Receives the new weights in bfloat16, while they are at hand; empty where none are wanted.</param>
    public delegate void Update(ParameterRegion region, StatePiece piece, Span<ushort> rounded);

    /// <summary>Writes every trainable weight of this rank and clears its gradients. Collective over the groups of the regions.</summary>
    /// <param name="state">Its gradients are lost.</param>
    /// <param name="update">Called for each piece; null (default) publishes the master weights as they are.</param>
    public static void Publish(TrainableState state, Update? update = null)
    {
        update ??= (region, piece, rounded) =>
        {
            if (!rounded.IsEmpty)
                BFloat16Rows.Narrow(region.Master(piece), rounded);
        };
        foreach (var region in state.Regions)
        {
            var transfers = new List<(GradientBucket Bucket, Request Request)>();
            foreach (var bucket in region.Buckets)
                if (region.IsSharded)
                    transfers.Add((bucket, StartGather(region, bucket, update)));
                else
                    foreach (var piece in bucket.All)
                        Write(region, piece, update);
            foreach (var (bucket, request) in transfers)
            {
                request.Wait();
                Receive(region, bucket);
            }
            region.ClearGradients();
        }
    }

    private static void Write(ParameterRegion region, StatePiece piece, Update update)
    {
        var inPlace = ParameterValues.RoundedInPlace(piece.Parameter, piece.Start, piece.Count);
        update(region, piece, inPlace);
        if (inPlace.IsEmpty && !region.IsMasterTheModel)
            ParameterValues.Write(piece.Parameter, piece.Start, region.Master(piece));
    }

    private static Request StartGather(ParameterRegion region, GradientBucket bucket, Update update)
    {
        int block = region.BlockOf(bucket);
        nint gathered = region.Gradient.Address(bucket.Offset);
        nint ownPlace = gathered + ((nint)region.Group.Rank * block * region.GatherType.ByteSize());
        foreach (var piece in bucket.Own)
        {
            int first = (int)(piece.FlatOffset - region.OwnFlatOffset(bucket));
            bool isRounded = region.GatherType == MpiDataType.BFloat16;
            update(region, piece, isRounded ? new Span<ushort>((ushort*)ownPlace + first, piece.Count) : []);
            if (!isRounded)
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
