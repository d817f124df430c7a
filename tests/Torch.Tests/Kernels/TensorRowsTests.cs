using E3Scale.Kernels;
using static TorchSharp.torch;

namespace E3Scale.Torch.Tests.Kernels;

public sealed class TensorRowsTests
{
    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void ReadAndWrite_Rows_ReachTheTensor(ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        var matrix = arange(12, dtype: ScalarType.Float32).view(3, 4).to_type(dtype);
        TensorRows rows = new(matrix);
        float[] row = new float[4];
        rows.Read(1, row);
        rows.Write(2, [-1, -2, -3, 0.5f]);
        rows[0, 3] = 9;

        Assert.Equal([4f, 5, 6, 7], row);
        Assert.Equal(6, rows[1, 2]);
        Assert.Equal([0f, 1, 2, 9, 4, 5, 6, 7, -1, -2, -3, 0.5f], matrix.to_type(ScalarType.Float32).data<float>().ToArray());
    }

    [Fact]
    public void Supports_OtherTensors_IsFalse()
    {
        using var scope = NewDisposeScope();
        Assert.False(TensorRows.Supports(zeros(4)));
        Assert.False(TensorRows.Supports(zeros(2, 3).t()));
        Assert.False(TensorRows.Supports(zeros(2, 3, dtype: ScalarType.Float64)));
        Assert.Throws<ArgumentException>(() => new TensorRows(zeros(4)));
    }

    [Fact]
    public void Read_RowOutsideOfMatrix_Throws()
    {
        using var matrix = zeros(2, 3);
        TensorRows rows = new(matrix);
        Assert.Throws<ArgumentOutOfRangeException>(() => rows.Read(2, new float[3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => rows[0, 3]);
        Assert.Throws<ArgumentOutOfRangeException>(() => rows[-1, 0]);
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Edit_ThenCommit_ChangesTheRow(ScalarType dtype)
    {
        using var matrix = tensor(new float[] { 1, 2, 3, 4 }, [2, 2]).to_type(dtype);
        var rows = new TensorRows(matrix);
        float[] room = new float[2];

        Span<float> row = rows.Edit(1, room);
        row[0] *= -2;
        rows.Commit(1, row);
        rows.Edit(0, room, isOverwritten: true).Fill(7);
        rows.Commit(0, dtype == ScalarType.BFloat16 ? room : [0, 0]); // what is in place is not written again

        Assert.Equal([7f, 7, -6, 4], matrix.to_type(ScalarType.Float32).data<float>().ToArray());
    }
}
