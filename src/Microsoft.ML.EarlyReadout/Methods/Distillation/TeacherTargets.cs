using Microsoft.ML.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// What the teacher says of a batch. It was read with the rows, once, unless augmentation changes the images: then the teacher is run on
/// those that the student sees, as the released codes do.
/// </summary>
/// <param name="teach">Runs the teacher on a batch on the CPU; <see langword="null"/>: what was read stands.</param>
internal sealed class TeacherTargets(Func<Batch, Batch>? teach)
{
    /// <summary>Every batch has what was read with its rows.</summary>
    public static readonly TeacherTargets AsRead = new(null);

    /// <summary>Gives a batch on the CPU with the teacher's scores, and features where there are some, of its examples as they are;
    /// <see langword="null"/> where every batch has them.</summary>
    public Func<Batch, Batch>? Teach => teach;

    /// <summary>Finds out how the teacher speaks of the batches of a training.</summary>
    /// <param name="teacher">The teacher.</param>
    /// <param name="options">The options; already validated.</param>
    /// <param name="schema">The schema of the training view, without the teacher's columns.</param>
    /// <param name="session">The training.</param>
    /// <exception cref="ArgumentException">Images are augmented, and there is no teacher that could be run on them, or one that reads
    /// other columns too.</exception>
    public static TeacherTargets Of(
        Teacher teacher, DebiasedDistillationTrainer.Options options, DataViewSchema schema, TrainingSession session)
    {
        FeatureShape shape = session.Training.Set.Shape;
        if (!new Augmentation(options.Augmentation, shape).IsActive) return AsRead;
        if (!teacher.IsModel)
        {
            throw new ArgumentException("Augmentation changes the images that the student sees, but column "
                + $"'{options.Teacher.ScoreColumnName}' has the teacher's scores of the images as they are. Give the teacher "
                + "itself (Teacher.Model or Teacher.OnnxPath), so that it scores what the student sees, or switch Augmentation off.");
        }

        DataViewSchema.Column feature = schema[options.FeatureColumnName];
        var oneBatch = new MemoryBudget(long.MaxValue, "", _ => { });
        using Batch first = session.Training.Set.Gather(session.Training.Indices.AsSpan(0, 1), CPU);
        using DisposeScope scope = NewDisposeScope();
        Taught(first); // a teacher that cannot do it says so before the first step
        session.Log("Teacher: it scores every batch as augmentation leaves it.");
        return new TeacherTargets(Taught);

        Batch Taught(Batch batch)
        {
            using Tensor features = batch.Features.contiguous();
            IDataView taught = teacher.Apply(new BatchView(schema, feature, shape, features));
            DataViewSchema.Column[] columns = [.. options.RowColumns.Select(column => taught.Schema[column.Name]).DistinctBy(c => c.Index)];
            using DataViewRowCursor cursor = taught.GetRowCursor(columns);
            RowColumnReader[] readers = [.. columns.Select(column => new RowColumnReader(cursor, column, oneBatch))];
            try
            {
                while (cursor.MoveNext())
                    foreach (RowColumnReader reader in readers)
                        reader.Read(cursor.Position);
                return batch with
                {
                    Columns = columns.Zip(readers).ToDictionary(each => each.First.Name, each => Gather(each.Second, batch)),
                };
            }
            finally
            {
                foreach (RowColumnReader reader in readers) reader.Dispose();
            }
        }

        static Tensor Gather(RowColumnReader reader, Batch batch)
        {
            using PackedColumn rows = reader.Finish();
            return rows.Gather([.. Enumerable.Range(0, batch.Count).Select(row => (long)row)], batch.Labels.device);
        }
    }
}
