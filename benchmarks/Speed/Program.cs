using System.Globalization;
using MLSieve.Speed;

// Speed: all parts, one after the other. Speed -- PART …: those alone. Ratios of ways to do the same work, which take turns in one run.
(string Name, string What, Action Run)[] parts =
[
    ("steps", "a plain step against a TorchSharp loop and Python torch; on a GPU where there is one", StepSpeed.Run),
    ("sieve", "the sieve's step over a plain one, with nothing set", SieveSpeed.Run),
    ("profile", "where the time of a plain step goes", StepProfile.Run),
    ("memory", "what it saves to keep the memory that a step frees", MemorySpeed.Run),
    ("bfloat16", "a step in bfloat16 over one in float32", BFloat16Speed.Run),
    ("sparse", "texts as words: skipping what is zero", SparseSpeed.Run),
    ("images", "reading and scoring a folder of JPEG", ImageSpeed.Run),
    ("text", "scoring texts against a raw session", TextSpeed.Run),
    ("scoring", "Transform against raw sessions and the stock transformer", ScoringSpeed.Run),
    ("rows", "what ten times the rows cost, in time and in memory", RowSpeed.Run),
    ("ranks", "one process with one and two threads against two ranks", RankSpeed.Run),
    ("search", "what halving saves in a search, and what it costs", SearchSpeed.Run),
];
if (args is ["parity", var file])
{
    DeviceParity.Run(file); // for torch_parity.py
    return 0;
}

// started by the part "ranks"
if (args is ["rank" or "turns", var batch])
{
    if (args[0] == "rank") RankSpeed.RunRank(int.Parse(batch, CultureInfo.InvariantCulture));
    else RankSpeed.RunTurns(int.Parse(batch, CultureInfo.InvariantCulture));
    return 0;
}

if (args.FirstOrDefault(name => parts.All(part => part.Name != name)) is not null)
{
    Console.Error.WriteLine("Usage: dotnet run -c Release --project benchmarks/Speed -- [PART …] | parity FILE");
    foreach ((string name, string what, _) in parts) Console.Error.WriteLine($"  {name,-9} {what}");
    return 2;
}

foreach ((string name, string what, Action run) in parts.Where(part => args.Length == 0 || args.Contains(part.Name)))
{
    Console.WriteLine($"\n{name}: {what}");
    run();
}

return 0;
