using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace MLSieve.Speed;

/// <summary>A process of torch_speed.py, which trains when it is told to, in turns with others.</summary>
internal sealed class PythonTorch : IDisposable
{
    private static readonly string[] Interpreters = ["python3", "/usr/bin/python3", "python"];
    private readonly Process _process;

    private PythonTorch(Process process, string version) => (_process, Version) = (process, version);

    /// <summary>The version of torch.</summary>
    public string Version { get; }

    /// <summary>Starts the first Python that has torch; <see langword="null"/> where none has.</summary>
    public static PythonTorch? Start()
    {
        foreach (string interpreter in Interpreters)
        {
            var start = new ProcessStartInfo(interpreter)
            {
                ArgumentList = { Path.Combine(AppContext.BaseDirectory, "torch_speed.py") },
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            try
            {
                Process process = Process.Start(start)!;
                process.ErrorDataReceived += (_, _) => { };
                process.BeginErrorReadLine();
                if (process.StandardOutput.ReadLine() is { } version) return new PythonTorch(process, version);
                process.Dispose();
            }
            catch (Win32Exception)
            {
                // there is no such program
            }
        }

        return null;
    }

    /// <summary>The seconds of some steps: processor time on the CPU, the wall clock on a GPU.</summary>
    public double Time(string network, int side, int rows, int steps)
    {
        _process.StandardInput.WriteLine(FormattableString.Invariant($"{network} {side} {rows} {steps}"));
        string answer = _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("torch_speed.py has ended.");
        return double.Parse(answer, CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
