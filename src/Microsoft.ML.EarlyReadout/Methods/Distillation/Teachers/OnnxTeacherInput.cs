using System.Diagnostics;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.EarlyReadout;

/// <summary>An input of a teacher's graph, and how a column becomes its tensor.</summary>
internal sealed class OnnxTeacherInput
{
    private const int MaxBatchRows = 64;
    private const int MaxBatchNumbers = 1 << 22;

    private readonly string _path;
    private readonly string _name;
    private readonly TensorElementType _type;
    private readonly int[] _dimensions;
    private readonly int[] _columnDimensions;

    private OnnxTeacherInput(string path, string name, NodeMetadata input, DataViewSchema.Column column)
    {
        (_path, _name, Column) = (path, name, column);
        if (!input.IsTensor) throw Fault($"is {input.OnnxValueType}, which no column can be");
        (_type, _dimensions) = (input.ElementDataType, input.Dimensions);
        _columnDimensions = column.Type is VectorDataViewType vector ? [.. vector.Dimensions] : [];
        if (Kind is not { } kind) throw Fault($"is of type {_type}, which no column can be");
        if (column.Type is ImageDataViewType)
        {
            throw Fault($"reads numbers, and the column '{column.Name}' holds images. "
                + "Extract their pixels (ExtractPixels) as the teacher was trained on them");
        }

        DataViewType item = column.Type is VectorDataViewType { ItemType: var of } ? of : column.Type;
        NeedsConversion = item.RawType != kind.Raw;
    }

    /// <summary>The column that it reads.</summary>
    public DataViewSchema.Column Column { get; }

    /// <summary>Whether the column's numbers are first converted to <see cref="ConvertedKind"/>.</summary>
    public bool NeedsConversion { get; }

    /// <summary>The type of column that the tensor is made of.</summary>
    public DataKind ConvertedKind => Kind!.Value.Kind;

    /// <summary>How many rows its tensor has at best: few enough to stay small, and 1 where the file reads one at a time.</summary>
    public int BatchRows => _dimensions is [<= 0, ..] ? Math.Clamp(MaxBatchNumbers / Math.Max(1, ColumnSize), 1, MaxBatchRows) : 1;

    /// <summary>Finds the column of an input and checks both against each other.</summary>
    /// <exception cref="ArgumentException">The column is missing, or cannot be the input; the message names all three.</exception>
    public static OnnxTeacherInput Of(string path, string name, NodeMetadata input, string columnName, DataViewSchema rows)
    {
        DataViewSchema.Column column = ColumnFinder.Find(rows, columnName, $"'{Path.GetFileName(path)}' (Teacher.OnnxPath) input");
        var found = new OnnxTeacherInput(path, name, input, column);
        if (column.Type is not VectorDataViewType { IsKnownSize: false }) found.Shape(found.ColumnSize);
        return found;
    }

    /// <summary>A row of zeros, or of empty texts.</summary>
    public OrtValue Zeros()
    {
        int known = _dimensions.Skip(1).Where(side => side > 0).Aggregate(1, (product, side) => product * side);
        long[] shape = Shape(ColumnSize > 0 ? ColumnSize : known);
        if (_type == TensorElementType.String) return OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, shape);
        OrtValue zeros = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, _type, shape);
        zeros.GetTensorMutableRawData().Clear();
        return zeros;
    }

    /// <summary>Starts to read a cursor's rows: each call gives the tensor of the cursor's row, which the caller disposes.</summary>
    /// <param name="row">The cursor.</param>
    /// <param name="column">The column, converted where that is needed.</param>
    public Func<OrtValue> Reader(DataViewRow row, DataViewSchema.Column column) => _type switch
    {
        TensorElementType.Float => Numbers<float, float>(row, column, value => value),
        TensorElementType.Float16 => Numbers<float, Float16>(row, column, value => (Float16)value),
        TensorElementType.BFloat16 => Numbers<float, BFloat16>(row, column, value => (BFloat16)value),
        TensorElementType.Double => Numbers<double, double>(row, column, value => value),
        TensorElementType.Int8 => Numbers<sbyte, sbyte>(row, column, value => value),
        TensorElementType.Int16 => Numbers<short, short>(row, column, value => value),
        TensorElementType.Int32 => Numbers<int, int>(row, column, value => value),
        TensorElementType.Int64 => Numbers<long, long>(row, column, value => value),
        TensorElementType.UInt8 => Numbers<byte, byte>(row, column, value => value),
        TensorElementType.UInt16 => Numbers<ushort, ushort>(row, column, value => value),
        TensorElementType.UInt32 => Numbers<uint, uint>(row, column, value => value),
        TensorElementType.UInt64 => Numbers<ulong, ulong>(row, column, value => value),
        TensorElementType.Bool => Numbers<bool, bool>(row, column, value => value),
        TensorElementType.String => Texts(row, column),
        _ => throw new UnreachableException($"No reader of {_type}; a graph with such an input is refused before."),
    };

    private int ColumnSize => Column.Type is VectorDataViewType vector ? vector.Size : 1;

    private (Type Raw, DataKind Kind)? Kind => _type switch
    {
        TensorElementType.Float or TensorElementType.Float16 or TensorElementType.BFloat16 => (typeof(float), DataKind.Single),
        TensorElementType.Double => (typeof(double), DataKind.Double),
        TensorElementType.Int8 => (typeof(sbyte), DataKind.SByte),
        TensorElementType.Int16 => (typeof(short), DataKind.Int16),
        TensorElementType.Int32 => (typeof(int), DataKind.Int32),
        TensorElementType.Int64 => (typeof(long), DataKind.Int64),
        TensorElementType.UInt8 => (typeof(byte), DataKind.Byte),
        TensorElementType.UInt16 => (typeof(ushort), DataKind.UInt16),
        TensorElementType.UInt32 => (typeof(uint), DataKind.UInt32),
        TensorElementType.UInt64 => (typeof(ulong), DataKind.UInt64),
        TensorElementType.Bool => (typeof(bool), DataKind.Boolean),
        TensorElementType.String => (typeof(ReadOnlyMemory<char>), DataKind.String),
        _ => null,
    };

    private Func<OrtValue> Numbers<TColumn, TTensor>(DataViewRow row, DataViewSchema.Column column, Converter<TColumn, TTensor> convert)
        where TTensor : unmanaged
    {
        Func<TColumn[]> read = Values<TColumn>(row, column);
        return () =>
        {
            TTensor[] numbers = Array.ConvertAll(read(), convert);
            return OrtValue.CreateTensorValueFromMemory(numbers, Shape(numbers.Length));
        };
    }

    private Func<OrtValue> Texts(DataViewRow row, DataViewSchema.Column column)
    {
        Func<ReadOnlyMemory<char>[]> read = Values<ReadOnlyMemory<char>>(row, column);
        return () =>
        {
            ReadOnlyMemory<char>[] texts = read();
            OrtValue tensor = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, Shape(texts.Length));
            for (int i = 0; i < texts.Length; i++) tensor.StringTensorSetElementAt(texts[i].Span, i);
            return tensor;
        };
    }

    private static Func<T[]> Values<T>(DataViewRow row, DataViewSchema.Column column)
    {
        if (column.Type is VectorDataViewType)
        {
            ValueGetter<VBuffer<T>> vector = row.GetGetter<VBuffer<T>>(column);
            VBuffer<T> values = default;
            return () =>
            {
                vector(ref values);
                return [.. values.DenseValues()];
            };
        }

        ValueGetter<T> scalar = row.GetGetter<T>(column);
        return () =>
        {
            T value = default!;
            scalar(ref value);
            return [value];
        };
    }

    /// <summary>The shape of one row's tensor of so many numbers.</summary>
    private long[] Shape(int count)
    {
        // Where the file does not tell, the column does.
        if (_dimensions.Length == 0) return _columnDimensions.Length > 1 ? [1, .. Long(_columnDimensions)] : [1, count];
        if (_dimensions[0] > 1 && Product(_dimensions) == count) return Long(_dimensions); // one row, without a batch
        if (_dimensions[0] > 1)
        {
            throw Fault(FormattableString.Invariant($"reads {_dimensions[0]} rows at a time. ")
                + "Export the model for any number of rows (a dynamic first dimension)");
        }

        int[] row = _dimensions[1..];
        int unknown = row.Count(side => side <= 0), known = (int)Product(row.Where(side => side > 0));
        if (unknown == 0 && known == count) return [1, .. Long(row)];
        if (unknown == 1 && count > 0 && count % known == 0) return [1, .. row.Select(side => side > 0 ? (long)side : count / known)];
        bool isOfColumn = row.Length == _columnDimensions.Length
            && row.Zip(_columnDimensions).All(pair => pair.First <= 0 || pair.First == pair.Second);
        if (unknown > 1 && isOfColumn) return [1, .. Long(_columnDimensions)];
        throw new ArgumentException(unknown > 1
            ? FormattableString.Invariant($"{_path} (Teacher.OnnxPath) reads '{_name}' in {unknown} dimensions of any size, and ")
                + FormattableString.Invariant(
                    $"the column '{Column.Name}' is a plain vector of {count} numbers. Export the model for one size.")
            : FormattableString.Invariant($"{_path} (Teacher.OnnxPath) reads {known} numbers a row as '{_name}'; the column has {count}."));
    }

    private static long[] Long(int[] sides) => Array.ConvertAll(sides, side => (long)side);

    private static long Product(IEnumerable<int> sides) => sides.Aggregate(1L, (product, side) => product * side);

    private ArgumentException Fault(string what) => new($"{_path} (Teacher.OnnxPath): input '{_name}' {what}.");
}
