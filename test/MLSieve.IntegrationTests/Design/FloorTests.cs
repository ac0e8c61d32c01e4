namespace MLSieve.Tests;

/// <summary>The library is a house: CONTRIBUTING.md says which folder is on which floor, and the code keeps to it.</summary>
public sealed class FloorTests
{
    private static readonly IReadOnlyList<Floor> _floors = Floor.All();

    private static readonly Lazy<IReadOnlyList<Arrow>> _arrows = new(LibrarySource.Arrows);

    [Fact]
    public void Every_folder_is_on_one_floor()
    {
        string root = Path.Combine(Repository.Root, "src", "Microsoft.ML.EarlyReadout");
        IEnumerable<string> folders = Directory.GetDirectories(root).Select(folder => Path.GetFileName(folder)).Except(["bin", "obj"]);
        Assert.Equal([.. folders.Append("").Order()], _floors.SelectMany(floor => floor.Folders).Order());
        Assert.Equal([6, 5, 4, 3, 2, 1, 0], _floors.Select(floor => floor.Number));
    }

    [Fact]
    public void No_file_uses_what_is_declared_on_a_higher_floor()
    {
        // What is looked at is there at all: a trainer's way down to the loop, and the session's to the network.
        Assert.Contains(_arrows.Value, arrow => arrow is { From: "Trainers/NetworkTraining.cs", To: "Training/TrainingSession.cs" });
        Assert.Contains(_arrows.Value, arrow => arrow is { From: "Training/TrainingSession.cs", To: "Networks/StagedNetwork.cs" });
        Assert.Empty(_arrows.Value.Where(arrow => FloorOf(arrow.ToFolder) > FloorOf(arrow.FromFolder)).Select(arrow => arrow.ToString()));
    }

    [Fact]
    public void Folders_do_not_use_each_other_in_circles()
    {
        Arrow[] between = [.. _arrows.Value.Where(arrow => arrow.FromFolder != arrow.ToFolder)];
        ILookup<string, string> uses = between.DistinctBy(arrow => (arrow.FromFolder, arrow.ToFolder))
            .ToLookup(arrow => arrow.FromFolder, arrow => arrow.ToFolder);
        Assert.Empty(between.Where(arrow => Reaches(arrow.ToFolder, arrow.FromFolder)).Select(arrow => arrow.ToString()));

        bool Reaches(string from, string to)
        {
            var seen = new HashSet<string> { from };
            var open = new Queue<string>(seen);
            while (open.TryDequeue(out string? folder))
            {
                if (folder == to) return true;
                foreach (string next in uses[folder])
                    if (seen.Add(next)) open.Enqueue(next);
            }

            return false;
        }
    }

    private static int FloorOf(string folder) => _floors.Single(floor => floor.Folders.Contains(folder.Split('/')[0])).Number;
}
