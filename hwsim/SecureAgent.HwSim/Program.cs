using System.CommandLine;
using System.Runtime.InteropServices;
using SecureAgent.HwSim.Commands;

RootCommand root = new("Simulated hardware for SecureAgent: for tests and demonstrations, never for real keys.")
{
    TpmCommand.Create(),
    CardCommand.Create(),
    TryCommand.Create(),
};
ParserConfiguration parsing = new() { ResponseFileTokenReplacer = null };
ParseResult parsed = root.Parse(args, parsing);
if (parsed.Errors.Count > 0)
{
    foreach (string message in parsed.Errors.Select(error => error.Message))
    {
        await Console.Error.WriteLineAsync($"hwsim: {message}").ConfigureAwait(false);
    }

    return ExitCodes.Usage;
}

// Ctrl-C and SIGTERM are the ordinary end of a server: the command sees them as cancellation and ends by itself.
using CancellationTokenSource stopping = new();
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
InvocationConfiguration configuration = new() { ProcessTerminationTimeout = null };
return await parsed.InvokeAsync(configuration, stopping.Token).ConfigureAwait(false);

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stopping.Cancel();
}
