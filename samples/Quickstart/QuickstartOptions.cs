using System.Globalization;

namespace Quickstart;

/// <summary>What the command line asks for.</summary>
internal sealed class QuickstartOptions
{
    /// <summary>Printed for <c>--help</c> and after a fault in the arguments.</summary>
    public const string Usage = """
        Trains a plain network and a feature sieve on generated images whose background betrays the label, and compares them by group.
        With --search it searches the sieve's settings first, on validation images, and says on the test images what they gain.

        dotnet run -c Release --project samples/Quickstart -- [options]

        --strength X   how often the background goes with the shape in training, 0.25 (never more than chance) to 1 (default 0.97)
        --rows N       training images (default 3000)
        --steps N      batches that a training takes (default 4500)
        --seeds N      repetitions with other images and other initial weights, 10 at most (default 1); not with --search
        --seed N       the first of the seeds (default 11); not with --search
        --search       searches settings, with two workers
        --trials N     settings to try, besides plain training; with --search (default 9)
        --output DIR   where images and models are written (default: a new folder in the temporary folder)
        --json FILE    writes the figures as a list of records
        --report FILE  writes a page that shows what the models of the first seed lean on, or what the search found (HTML)
        --help         this text
        """;

    public double Strength { get; private set; } = 0.97;

    public int Rows { get; private set; } = 3_000;

    public int Steps { get; private set; } = Method.Steps;

    public int Seeds { get; private set; } = 1;

    public int FirstSeed { get; private set; } = 11;

    public bool Search { get; private set; }

    public int Trials { get; private set; } = 9;

    public string? Output { get; private set; }

    public string? Json { get; private set; }

    public string? ReportPath { get; private set; }

    public bool Help { get; private set; }

    /// <summary>Reads the command line.</summary>
    /// <exception cref="ArgumentException">An argument is unknown, lacks its value, or is out of range; the message says which.</exception>
    public static QuickstartOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new QuickstartOptions();
        for (int i = 0; i < arguments.Count; i++)
        {
            string name = arguments[i];
            string Value() => ++i < arguments.Count ? arguments[i] : throw new ArgumentException($"{name} needs a value.");
            switch (name)
            {
                case "--strength": options.Strength = Number(name, Value(), 0.25, 1); break;
                case "--rows": options.Rows = (int)Number(name, Value(), 16, 1_000_000); break;
                case "--steps": options.Steps = (int)Number(name, Value(), 1, 1_000_000); break;
                case "--seeds": options.Seeds = (int)Number(name, Value(), 1, PairedDifference.MostSeeds); break;
                case "--seed": options.FirstSeed = (int)Number(name, Value(), 1, 100_000); break;
                case "--search": options.Search = true; break;
                case "--trials": options.Trials = (int)Number(name, Value(), 1, 10_000); break;
                case "--output": options.Output = Value(); break;
                case "--json": options.Json = Value(); break;
                case "--report": options.ReportPath = Value(); break;
                case "--help" or "-h": options.Help = true; break;
                default: throw new ArgumentException($"unknown option {name}.");
            }
        }

        string[] others = options.Search ? ["--seeds", "--seed"] : ["--trials"];
        return arguments.FirstOrDefault(others.Contains) is { } other
            ? throw new ArgumentException($"{other} {(options.Search ? "does not go with" : "goes only with")} --search.")
            : options;
    }

    private static double Number(string name, string text, double least, double most)
    {
        bool whole = least >= 1;
        NumberStyles style = whole ? NumberStyles.None : NumberStyles.AllowDecimalPoint;
        return double.TryParse(text, style, CultureInfo.InvariantCulture, out double value) && value >= least && value <= most
            ? value
            : throw new ArgumentException(
                FormattableString.Invariant($"{name} takes a {(whole ? "whole " : "")}number from {least} to {most}, not '{text}'."));
    }
}
