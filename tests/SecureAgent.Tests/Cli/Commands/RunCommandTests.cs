using System.Diagnostics;

namespace SecureAgent.Tests.Cli.Commands;

/// <summary>The built program as a process: what it starts, how it ends, what it lets others see. No key is used, so
/// that no TPM is needed.</summary>
public sealed class RunCommandTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    private readonly TestSurroundings _surroundings = new();
    private readonly List<Process> _started = [];

    public RunCommandTests() =>
        Assert.SkipUnless(OperatingSystem.IsLinux(), "These are the signals and files of Linux.");

    private string Socket => Path.Combine(_surroundings.Home, "r", "agent.sock");

    public void Dispose()
    {
        foreach (Process process in _started)
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }

            process.Dispose();
        }

        _surroundings.Dispose();
    }

    [Theory]
    [InlineData("exit 0", 0)]
    [InlineData("exit 7", 7)]
    [InlineData("kill -TERM $$", 143)]
    public async Task It_ends_with_its_command(string script, int exitCode)
    {
        Ended ended = await RunAsync("--", "sh", "-c", script);
        Assert.Equal(exitCode, ended.ExitCode);
        Assert.Empty(ended.Out);
        Assert.Empty(ended.Error);
        Assert.False(File.Exists(Socket));
    }

    [Fact]
    public async Task The_command_has_the_socket_its_own_options_and_nothing_of_the_agents_environment()
    {
        Ended ended = await RunAsync(
            "--", "sh", "-c", "echo \"$SSH_AUTH_SOCK\"; test -S \"$SSH_AUTH_SOCK\"; echo $? \"$@\"; env", "sh", "--tpm", "-v", "@x");
        string[] lines = ended.Out.Split('\n');
        Assert.Equal(Socket, lines[0]);
        Assert.Equal("0 --tpm -v @x", lines[1]);
        Assert.DoesNotContain(
            lines, line => line.StartsWith("DOTNET_EnableDiagnostics", StringComparison.Ordinal)
                || line.StartsWith("SECURE_AGENT_RESTARTED", StringComparison.Ordinal)
                || line.StartsWith("LISTEN_", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_command_that_is_not_there_ends_it_with_127() =>
        Assert.Equal(127, (await RunAsync("--", "no-such-command")).ExitCode);

    [Fact]
    public async Task A_program_in_the_working_directory_is_not_taken_for_a_command()
    {
        _surroundings.Program("no-such-command", "exit 0");
        Assert.Equal(127, (await RunAsync("--", "no-such-command")).ExitCode);
    }

    [Fact]
    public async Task A_file_that_cannot_be_executed_ends_it_with_126() =>
        Assert.Equal(126, (await RunAsync("--", _surroundings.Write("text", "text"))).ExitCode);

    [Fact]
    public async Task SIGTERM_is_forwarded_to_the_command()
    {
        Process agent =
            Start("--", "sh", "-c", "trap 'echo got it; exit 5' TERM; echo ready; while :; do sleep 0.1; done");
        await WaitForLineAsync(agent, "ready");
        await SignalAsync(agent, "TERM");
        await WaitForLineAsync(agent, "got it");
        Assert.Equal(5, await EndAsync(agent));
    }

    [Theory]
    [InlineData("TERM", 0)]
    [InlineData("HUP", 0)]
    [InlineData("INT", 130)]
    public async Task A_signal_ends_it_cleanly(string signal, int exitCode)
    {
        Process agent = Start();
        await WaitForLineAsync(agent, $"SSH_AUTH_SOCK={Socket}; export SSH_AUTH_SOCK; # unix");
        await SignalAsync(agent, signal);
        Assert.Equal(exitCode, await EndAsync(agent));
        Assert.False(File.Exists(Socket));
    }

    [Fact]
    public async Task Its_memory_cannot_be_read_by_other_programs_of_the_user()
    {
        Process agent = Start();
        await WaitForLineAsync(agent, $"SSH_AUTH_SOCK={Socket}; export SSH_AUTH_SOCK; # unix");

        // proc(5): the files of a process whose dumpable attribute is 0 belong to root.
        using Process stat = Process.Start(
            new ProcessStartInfo("stat", ["-c", "%u", $"/proc/{agent.Id}/status"]) { RedirectStandardOutput = true })!;
        Assert.Equal("0", (await stat.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Trim());
        string limits = await File.ReadAllTextAsync($"/proc/{agent.Id}/limits", TestContext.Current.CancellationToken);
        Assert.Matches("Max core file size +0 +0 ", limits);
        Assert.Empty(Directory.GetFiles(_surroundings.Home, "dotnet-diagnostic-*"));
        Assert.Empty(Directory.GetFiles(_surroundings.Home, "clr-debug-pipe-*"));

        await SignalAsync(agent, "TERM");
        await EndAsync(agent);
    }

    [Fact]
    public async Task Its_diagnostics_socket_stays_where_a_developer_asks_for_it_and_that_is_said()
    {
        _surroundings.Environment["DOTNET_EnableDiagnostics"] = "1";
        Process agent = Start();
        await WaitForLineAsync(agent, $"SSH_AUTH_SOCK={Socket}; export SSH_AUTH_SOCK; # unix");
        await SignalAsync(agent, "TERM");
        string error = await agent.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, await EndAsync(agent));
        Assert.Contains("DOTNET_EnableDiagnostics", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_agent_on_the_same_socket_is_refused_and_the_first_goes_on()
    {
        Process agent = Start();
        await WaitForLineAsync(agent, $"SSH_AUTH_SOCK={Socket}; export SSH_AUTH_SOCK; # unix");
        Ended second = await RunAsync();
        Assert.Equal(1, second.ExitCode);
        Assert.Contains(Socket, second.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(Socket));
        await SignalAsync(agent, "TERM");
        Assert.Equal(0, await EndAsync(agent));
    }

    private static async Task SignalAsync(Process process, string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    private static async Task WaitForLineAsync(Process process, string line)
    {
        using CancellationTokenSource deadline = new(Long);
        while (await process.StandardOutput.ReadLineAsync(deadline.Token) is string read)
        {
            if (read == line)
            {
                return;
            }
        }

        Assert.Fail($"\"{line}\" was not printed: {await process.StandardError.ReadToEndAsync(deadline.Token)}");
    }

    private static async Task<int> EndAsync(Process process)
    {
        await process.WaitForExitAsync(TestContext.Current.CancellationToken)
            .WaitAsync(Long, TestContext.Current.CancellationToken);
        return process.ExitCode;
    }

    private async Task<Ended> RunAsync(params string[] arguments)
    {
        Process process = Start(arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        int exitCode = await EndAsync(process);
        return new Ended(exitCode, await output, await error);
    }

    // setsid takes the terminal away that the tests may have: what the keyboard sends there is not forwarded.
    private Process Start(params string[] arguments)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "secure-agent");
        ProcessStartInfo start = new(
            "setsid", [program, "run", "--socket", Socket, "--key-dir", Path.Combine(_surroundings.Home, "k"), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _surroundings.Home,
        };
        start.Environment.Clear();
        start.Environment["PATH"] = Environment.GetEnvironmentVariable("PATH");
        start.Environment["HOME"] = start.Environment["TMPDIR"] = _surroundings.Home;
        start.Environment["PCSCLITE_CSOCK_NAME"] = _surroundings.NoPcscd;
        foreach ((string name, string value) in _surroundings.Environment)
        {
            start.Environment[name] = value;
        }

        Process process = Process.Start(start)!;
        _started.Add(process);
        return process;
    }

    private sealed record Ended(int ExitCode, string Out, string Error);
}
