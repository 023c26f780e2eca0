using System.Runtime.InteropServices;
using SecureAgent.Cli;
using SecureAgent.Cli.Commands;
using SecureAgent.Cli.Hosting;

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
string[] arguments = ProcessArguments.Name == SshAgentCommand.Name ? [SshAgentCommand.Name, .. args] : args;
return await CommandTree.RunAsync(arguments, Surroundings.OfProcess(), interrupted.Token).ConfigureAwait(false);
