using System.Diagnostics;

namespace SecureAgent.Tests.Cli.Commands;

/// <summary><c>hwsim try</c>, the README's first command, as built beside the tests.</summary>
public sealed class TryCommandTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(120);

    private readonly TestSurroundings _surroundings = new();

    public TryCommandTests() =>
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The commands of these tests are those of Linux.");

    public void Dispose() => _surroundings.Dispose();

    [Fact]
    public async Task It_makes_a_key_that_ssh_add_lists_and_leaves_nothing_behind()
    {
        (int exitCode, string output, string error) = await RunAsync(Requires.Tool("ssh-add"), "-l");
        Assert.True(exitCode == 0, error);
        Assert.Matches("^256 SHA256:[A-Za-z0-9+/]{43} try \\(ECDSA\\)\n$", output);
        Assert.InRange(error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length, 5, 8);
        Assert.Empty(Directory.GetFileSystemEntries(_surroundings.Home, "hwsim-*"));
    }

    [Fact]
    public async Task The_program_means_the_same_agent_and_TPM_inside()
    {
        (int exitCode, string output, string error) = await RunAsync(
            "sh", "-c", "secure-agent key new two --in tpm --type rsa-2048 && secure-agent status && secure-agent pub two");
        Assert.True(exitCode == 0, error);
        Assert.Contains("two: rsa-2048 ", output, StringComparison.Ordinal);
        Assert.Contains("\nssh-rsa ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_ends_with_the_exit_code_of_its_command() =>
        Assert.Equal(9, (await RunAsync("sh", "-c", "exit 9")).ExitCode);

    [Fact]
    public async Task Without_command_and_terminal_it_says_how_to_use_it()
    {
        (int exitCode, _, string error) = await RunAsync();
        Assert.Equal(64, exitCode);
        Assert.Contains("hwsim try -- ssh-add -l", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_a_card_Yubicos_tool_finds_it_behind_a_pcscd_that_is_gone_afterwards()
    {
        string tool = Requires.Tool("yubico-piv-tool");
        Requires.Tool("pcscd");
        Requires.File("/usr/lib/pcsc/drivers/serial/libifdvpcd.so", "vsmartcard-vpcd");
        using (Process unshare = Process.Start(
            Requires.Tool("unshare"), ["--user", "--map-root-user", "--mount", "true"]))
        {
            await unshare.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.SkipUnless(unshare.ExitCode == 0, "The system allows no user namespaces.");
        }

        (int exitCode, string output, string error) = await RunTryAsync(
            "--card", "--", "sh", "-c", $"{tool} -a status && ssh-add -l && echo $PCSCLITE_CSOCK_NAME");
        Assert.True(exitCode == 0, error);
        Assert.Contains("Serial Number:\t12345678\n", output, StringComparison.Ordinal);
        Assert.Contains(" try (ECDSA)\n", output, StringComparison.Ordinal);
        string socket = output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1];
        Assert.StartsWith("/proc/", socket, StringComparison.Ordinal);
        Assert.False(Directory.Exists(string.Join('/', socket.Split('/')[..3])));
    }

    private Task<(int ExitCode, string Out, string Error)> RunAsync(params string[] command) =>
        RunTryAsync(command.Length > 0 ? ["--", .. command] : []);

    private async Task<(int ExitCode, string Out, string Error)> RunTryAsync(params string[] arguments)
    {
        ProcessStartInfo start = new(Path.Combine(AppContext.BaseDirectory, "hwsim"), ["try", .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["HOME"] = start.Environment["TMPDIR"] = _surroundings.Home;
        start.Environment["XDG_CONFIG_HOME"] = _surroundings.Home;
        start.Environment["PCSCLITE_CSOCK_NAME"] = _surroundings.NoPcscd;
        using Process process = Process.Start(start)!;
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken)
                .WaitAsync(Long, TestContext.Current.CancellationToken);
            return (process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
