using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net.Sockets;
using SecureAgent.HwSim.Servers;
using SecureAgent.HwSim.Tpm;

namespace SecureAgent.HwSim.Commands;

/// <summary><c>hwsim tpm</c>: serves one simulated TPM until it is told to stop.</summary>
internal static class TpmCommand
{
    private const string Mssim = "--mssim";
    private const string Swtpm = "--swtpm";
    private const string State = "--state";

    /// <summary>The command with its options.</summary>
    public static Command Create()
    {
        Option<int?> mssim = new(Mssim)
        {
            HelpName = "PORT",
            Description = "Serve the Microsoft simulator's protocol on this port of 127.0.0.1 and the next; 0 takes "
                + $"free ones. Served on {MssimServer.DefaultPort} if neither {Mssim} nor {Swtpm} is given.",
        };
        mssim.Validators.Add(Check);
        Option<string?> swtpm = new(Swtpm)
        {
            HelpName = "PORT|PATH",
            Description = "Serve swtpm's protocol on this port of 127.0.0.1 and the next, or on a Unix socket.",
        };
        swtpm.Validators.Add(Check);
        Option<FileInfo?> state = new(State)
        {
            HelpName = "FILE",
            Description = "Keep the TPM's non-volatile state in this file; without it, every start is a new TPM.",
        };
        Command command = new("tpm", "Serve a simulated TPM 2.0 and print how clients name it (TCTI), one line for "
            + "each endpoint. TPM2_Startup is done. Ctrl-C ends it.")
        {
            mssim, swtpm, state,
        };
        command.SetAction((result, cancellationToken) => RunAsync(
            result.GetValue(mssim), result.GetValue(swtpm), result.GetValue(state)?.FullName,
            result.InvocationConfiguration.Output, result.InvocationConfiguration.Error, cancellationToken));
        return command;
    }

    private static void Check(OptionResult result)
    {
        // The second port of a pair must exist too. What is not a number is the option's own to refuse.
        if (result.Tokens.Any(token => PortOf(token.Value) >= ushort.MaxValue))
        {
            result.AddError($"{result.Option.Name}: a port is 0 to {ushort.MaxValue - 1}.");
        }
    }

    private static int? PortOf(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port) ? port : null;

    private static async Task<int> RunAsync(
        int? mssim, string? swtpm, string? state, TextWriter output, TextWriter error,
        CancellationToken cancellationToken)
    {
        try
        {
            TpmSimulator tpm = new(new TpmSimulatorOptions { StateFile = state, StartupClear = true });
            tpm.PowerOn();
            await ServeAsync(tpm, mssim, swtpm, output, cancellationToken).ConfigureAwait(false);
            return ExitCodes.Done;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            await error.WriteLineAsync($"hwsim: {e.Message}").ConfigureAwait(false);
            return ExitCodes.Failed;
        }
        catch (SocketException e)
        {
            await error.WriteLineAsync(
                $"hwsim: cannot listen: {e.Message}. Choose another port; 0 takes a free one.").ConfigureAwait(false);
            return ExitCodes.Failed;
        }
    }

    private static async Task ServeAsync(
        TpmSimulator tpm, int? mssim, string? swtpm, TextWriter output, CancellationToken cancellationToken)
    {
        List<(IAsyncDisposable Server, string Tcti, Task Stopped)> endpoints = [];
        try
        {
            if (mssim is not null || swtpm is null)
            {
                MssimServer server = MssimServer.Start(tpm, mssim ?? MssimServer.DefaultPort);
                endpoints.Add((server, server.Tcti, server.Stopped));
            }

            if (swtpm is not null)
            {
                SwtpmServer server = PortOf(swtpm) is int port
                    ? SwtpmServer.Start(tpm, port)
                    : SwtpmServer.Start(tpm, Path.GetFullPath(swtpm));
                endpoints.Add((server, server.Tcti, server.Stopped));
            }

            foreach ((IAsyncDisposable _, string tcti, Task _) in endpoints)
            {
                await output.WriteLineAsync(tcti).ConfigureAwait(false);
            }

            await output.FlushAsync(cancellationToken).ConfigureAwait(false);
            await WaitAsync(endpoints.Select(endpoint => endpoint.Stopped), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            foreach ((IAsyncDisposable server, string _, Task _) in endpoints)
            {
                await server.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private static async Task WaitAsync(IEnumerable<Task> servers, CancellationToken cancellationToken)
    {
        TaskCompletionSource cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration registration = cancellationToken.Register(() => cancelled.TrySetResult());
        await Task.WhenAny([cancelled.Task, .. servers]).ConfigureAwait(false);
    }
}
