namespace Microsoft.ML.EarlyReadout;

/// <summary>Rows with a teacher's columns, and the teacher, which stays for as long as they are used.</summary>
/// <param name="Teacher">The teacher.</param>
/// <param name="View">The rows with its columns.</param>
/// <param name="Scored">The schema without them.</param>
internal sealed record RowsWithTeacher(Teacher Teacher, IDataView View, DataViewSchema Scored) : FitRows(View, Scored)
{
    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        Teacher.Dispose();
        base.Dispose(disposing);
    }
}
