using System.Diagnostics;
using SecureAgent.Cli.Output;

namespace SecureAgent.Tests.Cli.Output;

/// <summary>Run by a real shell, with stand-ins for what only WSL has.</summary>
public sealed class WslProfileTests : IDisposable
{
    private readonly TestSurroundings _surroundings = new();

    public void Dispose() => _surroundings.Dispose();

    [Fact]
    public async Task WSL_1_gets_the_socket_on_Windows() => Assert.Equal(
        "unix(C:\\Users\\it's me\\agent.sock)", await RunAsync("4.4.0-19041-Microsoft", "true"));

    [Fact]
    public async Task WSL_2_gets_a_relay_in_its_own_home_and_starts_it()
    {
        string home = _surroundings.Home;
        string socket = Path.Combine(home, ".ssh/agent/relay.sock");
        Assert.Equal(socket, await RunAsync("5.15.90.1-microsoft-standard-WSL2", "until [ -s \"$HOME/started\" ]; do sleep 0.01; done"));
        Assert.Equal(
            $"secure-agent|relay|--listen|{socket}|--|unix(C:\\Program Files\\s a.exe)|relay|--multiplex|",
            await File.ReadAllTextAsync(Path.Combine(home, "started"), TestContext.Current.CancellationToken));
    }

    /// <summary>Sources the lines where the kernel is called <paramref name="kernel"/>, and waits.</summary>
    /// <returns>SSH_AUTH_SOCK, as a child of the shell sees it.</returns>
    private async Task<string> RunAsync(string kernel, string wait)
    {
        Requires.Linux("a shell");
        string profile = _surroundings.Write("profile", WslProfile.Text(@"C:\Program Files\s a.exe", @"C:\Users\it's me\agent.sock") + "\n");
        string script = $$"""
            uname() { echo "{{kernel}}"; }
            wslpath() { printf 'unix(%s)' "$2"; }
            setsid() { printf '%s|' "$@" > "$HOME/new" && mv "$HOME/new" "$HOME/started"; }
            . "$1"
            {{wait}}
            sh -c 'printf %s "$SSH_AUTH_SOCK"'
            """;
        ProcessStartInfo start = new(Requires.Tool("sh"), ["-eu", "-c", script, "sh", profile])
        {
            RedirectStandardOutput = true,
            Environment = { ["HOME"] = _surroundings.Home },
        };
        using Process process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}
