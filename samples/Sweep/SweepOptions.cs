using System.Globalization;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Search;

namespace Sweep;

/// <summary>What the command line asks for.</summary>
internal sealed class SweepOptions
{
    /// <summary>Printed for <c>--help</c> and after a fault in the arguments.</summary>
    public const string Usage = """
        Searches the settings of a feature sieve on generated pictures whose background betrays the label. Start it as often as you like, on
        as many machines: whoever names the same store shares the work, and gets the same result.

        dotnet run -c Release --project samples/Sweep -- [options]

        --store STORE      a SQLite file for the processes of one machine, or Npgsql's connection string for many (default search.db)
        --checkpoints DIR  where interrupted runs lie; share it, and one machine goes on with what another began
                           (default: beside a SQLite file; for PostgreSQL a temporary folder of this process)
        --name NAME        the search's name in the store (default pictures)
        --trials N         settings to try, besides plain training (default 20)
        --steps N          steps of a full training (default 360)
        --workers N        trainings at a time in this process (default: one for each processor)
        --lease SECONDS    how long a worker that no longer answers keeps its run from the others (default 60)
        --report FILE      writes the page that shows why the choice was made
        --json FILE        writes the result, with all curves
        --help             this text
        """;

    private string _store = "search.db";
    private string? _checkpoints;

    /// <summary>A connection string has a '='; a file had better not.</summary>
    public ITrialStore Store => IsConnection ? TrialStore.PostgreSql(_store) : TrialStore.Sqlite(_store);

    public string? Checkpoints => _checkpoints ?? (IsConnection ? null : Path.ChangeExtension(_store, ".checkpoints"));

    public string Name { get; private set; } = "pictures";

    public int Trials { get; private set; } = 20;

    public int Steps { get; private set; } = 360;

    public int? Workers { get; private set; }

    public TimeSpan Lease { get; private set; } = TimeSpan.FromSeconds(60);

    public string? Report { get; private set; }

    public string? Json { get; private set; }

    public bool Help { get; private set; }

    private bool IsConnection => _store.Contains('=', StringComparison.Ordinal);

    /// <summary>Reads the command line.</summary>
    /// <exception cref="ArgumentException">An argument is unknown, lacks its value, or is no number; the message says which.</exception>
    public static SweepOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new SweepOptions();
        for (int i = 0; i < arguments.Count; i++)
        {
            string name = arguments[i];
            string Value() => ++i < arguments.Count ? arguments[i] : throw new ArgumentException($"{name} needs a value.");
            int Number() => int.TryParse(Value(), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                ? number
                : throw new ArgumentException($"{name} takes a whole number, not '{arguments[i]}'.");
            switch (name)
            {
                case "--store": options._store = Value(); break;
                case "--checkpoints": options._checkpoints = Value(); break;
                case "--name": options.Name = Value(); break;
                case "--trials": options.Trials = Number(); break;
                case "--steps": options.Steps = Number(); break;
                case "--workers": options.Workers = Number(); break;
                case "--lease": options.Lease = TimeSpan.FromSeconds(Number()); break;
                case "--json": options.Json = Value(); break;
                case "--report": options.Report = Value(); break;
                case "--help" or "-h": options.Help = true; break;
                default: throw new ArgumentException($"unknown option {name}.");
            }
        }

        return options;
    }
}
