using System.Runtime.InteropServices;
using SecureAgent.Cli;

using CancellationTokenSource interrupted = new();
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
{
    // The second Ctrl-C ends a command that does not heed the first.
    if (!interrupted.IsCancellationRequested)
    {
        context.Cancel = true;
        interrupted.Cancel();
    }
});
return await CommandTree.RunAsync(args, Surroundings.OfProcess(), interrupted.Token).ConfigureAwait(false);
