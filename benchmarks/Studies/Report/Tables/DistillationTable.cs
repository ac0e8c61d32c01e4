namespace Studies;

/// <summary>
/// The distillation paper's shape: data sets by methods, worst-group and average accuracy, and how far the worst group is from the
/// teacher's.
/// </summary>
internal static class DistillationTable
{
    private static readonly string[] Teachers = ["teacher-dro", "lightgbm"]; // of the studies of students and of Adult

    /// <summary>The table; rows of data sets that are only quoted say so.</summary>
    public static string Of(IReadOnlyList<ConditionRecords> studies)
    {
        var table = new MarkdownTable(
            "data set", "method", "setting", "seeds", "worst group, measured", "less the teacher's", "average, measured",
            "mean of groups, measured", "worst group published, quoted", "quoted from", "conditions of ours");
        foreach (ConditionRecords study in studies)
        {
            if (study.Methods.FirstOrDefault(method => Teachers.Contains(method.Method)) is not { } teacher) continue;
            foreach (MethodRecords method in study.Methods)
            {
                table.Add(
                    study.Study,
                    method.Method,
                    method.Setting,
                    method.Seeds,
                    method.Cell(StudyMetrics.Worst),
                    method != teacher && teacher.Mean(StudyMetrics.Worst) is { } taught && method.Mean(StudyMetrics.Worst) is { } worst
                        ? Percentage.Difference(worst - taught)
                        : "–",
                    method.Cell(StudyMetrics.Average),
                    method.Cell(StudyMetrics.Unbiased),
                    "–",
                    "–",
                    study.Conditions);
            }
        }

        foreach (PublishedFigure figure in PublishedFigure.Distillation)
            table.Add(figure.DataSet, figure.Method, "–", "not run", "–", "–", "–", "–", figure.Figure, figure.Source, "–");
        return table.ToString();
    }
}
