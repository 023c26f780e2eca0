using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using SecureAgent.HwSim.Piv;
using SecureAgent.HwSim.Servers;
using SecureAgent.HwSim.Tpm;

namespace SecureAgent.HwSim.Commands;

/// <summary><c>hwsim try</c>: shows secure-agent at work on a simulated TPM, and on a simulated PIV card too if asked,
/// in a directory of its own that is gone afterwards.</summary>
internal sealed class TryCommand
{
    private const string KeyName = "try";

    private readonly string[] _command;
    private readonly TextWriter _error;
    private readonly string _directory;
    private string? _pcscSocket;

    private TryCommand(string[] command, TextWriter error, string directory) =>
        (_command, _error, _directory) = (command, error, directory);

    /// <summary>The command.</summary>
    public static Command Create()
    {
        Option<bool> card = new("--card")
        {
            Description = "Simulate a PIV card (YubiKey) too, behind a pcscd of its own. Linux only.",
        };
        Argument<string[]> command = new("COMMAND")
        {
            Arity = ArgumentArity.ZeroOrMore,
            CaptureRemainingTokens = true,
            Description = "after --: what to run with SSH_AUTH_SOCK set; a shell if there is none",
        };
        Command tryOut =
            new("try", "Start a simulated TPM, make a key in it, run secure-agent on it, and then COMMAND or a "
            + "shell. Everything is gone afterwards.")
        {
            card, command,
        };
        tryOut.SetAction((result, _) => RunAsync(
            result.GetValue(command) ?? [], result.GetValue(card), result.InvocationConfiguration.Error));
        return tryOut;
    }

    private static async Task<int> RunAsync(string[] command, bool withCard, TextWriter error)
    {
        if (command.Length == 0 && Console.IsInputRedirected)
        {
            await error.WriteLineAsync("hwsim: without a terminal there is no use for a shell; give a command: "
                + "hwsim try -- ssh-add -l").ConfigureAwait(false);
            return ExitCodes.Usage;
        }

        string directory = Directory.CreateTempSubdirectory("hwsim-").FullName;
        try
        {
            TryCommand run = new(command.Length > 0 ? command : [Shell()], error, directory);
            return withCard
                ? await run.WithCardAsync().ConfigureAwait(false)
                : await run.RunAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or Win32Exception)
        {
            await error.WriteLineAsync($"hwsim: {e.Message}").ConfigureAwait(false);
            return ExitCodes.Failed;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private async Task<int> WithCardAsync()
    {
        PcscService service = await PcscService.StartAsync(_directory).ConfigureAwait(false);
        await using (service.ConfigureAwait(false))
        {
            PivCard card = new(new PivCardOptions());
            VpcdCard reader = new(card, service.Port);
            await using (reader.ConfigureAwait(false))
            {
                await reader.InsertAsync().ConfigureAwait(false);
                _pcscSocket = service.SocketPath;
                await SayAsync($"a PIV card is simulated in this process, and no key is on it: serial {card.Serial}, "
                    + $"firmware {card.Firmware}, PIN 123456, PUK 12345678").ConfigureAwait(false);
                return await RunAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task<int> RunAsync()
    {
        if (await SecureAgentProgram.FindAsync(_error).ConfigureAwait(false) is not string program)
        {
            return ExitCodes.Failed;
        }

        TpmSimulator tpm = new(new TpmSimulatorOptions { StartupClear = true });
        tpm.PowerOn();
        // Windows has Unix sockets, but not every .NET socket option for them; loopback works everywhere.
        SwtpmServer server = OperatingSystem.IsWindows()
            ? SwtpmServer.Start(tpm)
            : SwtpmServer.Start(tpm, Path.Combine(_directory, "tpm.sock"));
        await using (server.ConfigureAwait(false))
        {
            await SayAsync($"a TPM 2.0 is simulated in this process: {server.Tcti}").ConfigureAwait(false);
            int made = await StartAsync(program, server.Tcti, ["key", "new", KeyName, "--in", "tpm"], _error)
                .ConfigureAwait(false);
            if (made != ExitCodes.Done)
            {
                return made;
            }

            string[] lines =
            [
                $"secure-agent made the key \"{KeyName}\" in it, and serves it to: {string.Join(' ', _command)}",
                "SSH_AUTH_SOCK is set there. ssh-add -l lists the key; ssh, git and ssh-keygen -Y sign can use it;",
                "secure-agent key new NAME --in tpm --pin makes another; secure-agent status says how things are.",
                "When it ends, TPM, key and agent are gone.",
            ];
            foreach (string line in lines)
            {
                await SayAsync(line).ConfigureAwait(false);
            }

            return await StartAsync(program, server.Tcti, ["run", "--", .. _command], output: null)
                .ConfigureAwait(false);
        }
    }

    private Task SayAsync(string line) => _error.WriteLineAsync($"hwsim: {line}");

    /// <summary>Runs secure-agent to its end.</summary>
    /// <param name="program">Where it is.</param>
    /// <param name="tcti">The TPM.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="output">Where its output goes; <see langword="null"/> for ours, with our terminal.</param>
    private async Task<int> StartAsync(string program, string tcti, string[] arguments, TextWriter? output)
    {
        ProcessStartInfo start =
            new(program, arguments) { UseShellExecute = false, RedirectStandardOutput = output is not null };
        foreach (string name in start.Environment.Keys.Where(IsSetting).ToArray())
        {
            start.Environment.Remove(name);
        }

        // By the environment and not by options, so that secure-agent means the same when it is called from COMMAND.
        start.Environment["SECUREAGENT_TPM"] = tcti;
        start.Environment["SECUREAGENT_KEYDIRECTORY"] = Path.Combine(_directory, "keys");
        start.Environment["SECUREAGENT_SOCKET"] = Path.Combine(_directory, "agent", "agent.sock");
        if (_pcscSocket is not null)
        {
            start.Environment[PcscService.SocketVariable] = _pcscSocket;
        }

        start.Environment["PATH"] = Path.GetDirectoryName(program) + Path.PathSeparator + start.Environment["PATH"];

        using Process process = Process.Start(start)!; // Null only with UseShellExecute.
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, End);
        if (output is not null)
        {
            await output.WriteAsync(await process.StandardOutput.ReadToEndAsync().ConfigureAwait(false))
                .ConfigureAwait(false);
        }

        await process.WaitForExitAsync().ConfigureAwait(false);
        return process.ExitCode;

        // Ctrl-C reaches the command by itself, which decides what it means; the end of the session ends all.
        void End(PosixSignalContext context)
        {
            context.Cancel = true;
            process.Kill(entireProcessTree: true);
        }
    }

    private static bool IsSetting(string variable) =>
        variable.StartsWith("SECUREAGENT_", StringComparison.OrdinalIgnoreCase);

    private static string Shell() => OperatingSystem.IsWindows()
        ? Environment.GetEnvironmentVariable("COMSPEC") ?? "cmd.exe"
        : Environment.GetEnvironmentVariable("SHELL") is { Length: > 0 } shell ? shell : "/bin/sh";
}
