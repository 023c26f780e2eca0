using System.Diagnostics;

namespace SecureAgent.Tests.EndToEnd;

/// <summary>A program run to its end.</summary>
internal sealed class Command
{
    private readonly ProcessStartInfo _start;

    /// <param name="environment">All of the program's environment; empty means the test's own.</param>
    /// <param name="program">A name in PATH, or a path.</param>
    /// <param name="arguments">Its arguments.</param>
    public Command(IReadOnlyDictionary<string, string> environment, string program, params string[] arguments) =>
        _start = StartInfo(environment, program, arguments);

    /// <summary>What the program reads from its standard input.</summary>
    public string Input { get; init; } = "";

    /// <summary>How long it may take.</summary>
    public TimeSpan Patience { get; init; } = Deadline.Span;

    /// <summary>Where the program runs; the test's own directory if empty.</summary>
    public string Directory
    {
        get => _start.WorkingDirectory;
        init => _start.WorkingDirectory = value;
    }

    /// <summary>Starts the program and waits for its end.</summary>
    public async Task<Ran> RunAsync()
    {
        using Process process = Process.Start(_start)!;
        using CancellationTokenSource deadline = new(Patience);
        Task<string> output = process.StandardOutput.ReadToEndAsync(deadline.Token);
        Task<string> error = process.StandardError.ReadToEndAsync(deadline.Token);
        try
        {
            await WriteInputAsync(process);
            await process.WaitForExitAsync(deadline.Token);
            return new Ran(Text, process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{Text} did not end within {Patience.TotalSeconds} s.");
        }
    }

    /// <summary>What a process needs to run on its own: pipes for its streams and nothing but
    /// <paramref name="environment"/>.</summary>
    public static ProcessStartInfo StartInfo(
        IReadOnlyDictionary<string, string> environment, string program, IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (environment.Count > 0)
        {
            start.Environment.Clear();
            foreach ((string name, string value) in environment)
            {
                start.Environment[name] = value;
            }
        }

        return start;
    }

    private string Text => string.Join(' ', [_start.FileName, .. _start.ArgumentList]);

    private async Task WriteInputAsync(Process process)
    {
        try
        {
            await process.StandardInput.WriteAsync(Input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The program ended without reading; its exit code and words tell the rest.
        }
    }
}
